#include "results/notes.h"

#include "results/causes.h"
#include "results/dropped_samples.h"
#include "results/path.h"
#include "results/why.h"
#include "report/text.h"

static void note(FILE *out, const struct probe_view *v, uint64_t n, const char *what)
{
    char text[KEDGE_ENDPOINT_TEXT];

    if (n > 0)
        fprintf(out, "%s: %llu %s\n", kedge_endpoint_print(v->endpoint, text),
                (unsigned long long)n, what);
}

static void connect_note(FILE *out, const struct probe_view *v)
{
    char text[KEDGE_ENDPOINT_TEXT], space[64] = { 0 };
    struct writer w = { .ptr = (uint8_t *)space, .room = sizeof space - 1 };

    if (v->connects == 0)
        return;
    text_ms(&w, v->connect_min);
    if (v->connects > 1) {
        put(&w, span_of(" to "));
        text_ms(&w, v->connect_max);
    }
    fprintf(out, "%s: connected %sin %s ms\n", kedge_endpoint_print(v->endpoint, text),
            v->connects > 1 ? "several times, " : "", space);
}

static void refused_note(FILE *out, const struct probe_view *v, const char *why)
{
    char text[128 + NET_ADDRESS_TEXT], by[NET_ADDRESS_TEXT];

    snprintf(text, sizeof text, "refused: %s%s%s", why,
             v->reported_by.len > 0 ? ", says " : "",
             v->reported_by.len > 0 ? net_address_print_host(&v->reported_by, by) : "");
    note(out, v, v->stats->refused, text);
}

void probe_notes(const struct probe_view *v, FILE *out)
{
    const struct probe_stats *a = v->stats;
    const char *error = probe_error_of(v), *why = error ? error : "no reason known";
    char text[KEDGE_ENDPOINT_TEXT];

    if (a->sent == 0 && error)
        fprintf(out, "%s: nothing was sent: %s\n",
                kedge_endpoint_print(v->endpoint, text), error);
    connect_note(out, v);
    probe_way_notes(v, out);
    refused_note(out, v, why);
    snprintf(text, sizeof text, "did not leave: %s", why);
    note(out, v, a->unsent, text);
    note(out, v, a->late, "answered after the timeout");
    probe_cause_notes(v, out);
    note(out, v, a->corrupted, "came back altered");
    note(out, v, a->stray, "replies that were not to this run");
    note(out, v, probe_stats_open(a), "still unanswered when it ended");
    left_out_note(v, out);
}
