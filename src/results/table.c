#include "results/table.h"

#include "results/calibration.h"
#include "results/notes.h"
#include "base/number.h"
#include "report/interval.h"
#include "report/table.h"
#include "report/text.h"

#include <stdlib.h>

#define ROW_ROOM 2048    /* of a table: an endpoint and twelve numbers */
#define INTERVALS_MAX 10 /* targets that have a line for them; the JSON has all */
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct percentile {
    const char *name;
    uint32_t which;
};

static const struct percentile printable[] = { { "p50", 50000 },
                                               { "p99", 99000 },
                                               { "p99.9", 99900 } };

static void ms_cell(struct table *t, bool known, kedge_nanos v)
{
    uint8_t space[32];
    struct writer w = { .ptr = space, .room = sizeof space };

    text_ms(&w, v);
    if (known)
        table_cell_span(t, written(&w));
    else
        table_cell(t, "-");
}

static void percentile_cell(struct table *t, const struct histogram *h, uint32_t which)
{
    kedge_nanos v = 0;
    bool known = histogram_percentile(h, which, &v);

    ms_cell(t, known, v);
}

static void row(struct table *t, const struct probe_view *v)
{
    const struct probe_stats *a = v->stats;
    char text[KEDGE_ENDPOINT_TEXT];
    kedge_nanos jitter = 0;
    bool known = probe_stats_jitter(a, &jitter);

    table_cell(t, kedge_endpoint_print(v->endpoint, text));
    table_cell_u64(t, a->sent);
    table_cell_u64(t, a->received);
    table_cell_u64(t, a->lost);
    table_cell_u64(t, a->duplicated);
    table_cell_u64(t, a->reordered);
    ms_cell(t, a->rtt.count > 0, a->rtt.min);
    for (size_t i = 0; i < COUNT(printable); i++)
        percentile_cell(t, &a->rtt, printable[i].which);
    ms_cell(t, a->rtt.count > 0, a->rtt.max);
    ms_cell(t, known, jitter);
}

static void head(struct table *t)
{
    static const char *const names[] = {
        "target", "sent", "received", "lost",  "duplicated", "reordered",
        "min ms", "p50",  "p99",      "p99.9", "max",        "jitter"
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        table_cell(t, names[i]);
}

/* "p99.9: needs 1,000 samples, has 450": what stands as "-" in the table. */
static void needs(const struct percentile *p, const struct probe_result *r, FILE *out)
{
    uint64_t needed = histogram_needed(p->which), has = needed;
    uint8_t space[128];
    struct writer w = { .ptr = space, .room = sizeof space };

    for (uint32_t i = 0; i < r->count; i++)
        if (r->views[i].stats->rtt.count > 0)
            has = min_u64(has, r->views[i].stats->rtt.count);
    if (has == needed)
        return;
    put(&w, span_of(p->name));
    put(&w, span_of(": needs "));
    text_count(&w, needed);
    put(&w, span_of(" samples, has "));
    text_count(&w, has);
    fprintf(out, "%.*s\n", (int)w.len, (const char *)space);
}

/* Between what the true percentiles lie, as far as so many samples can tell. */
static void intervals(const struct probe_view *v, FILE *out)
{
    char text[KEDGE_ENDPOINT_TEXT];
    uint8_t space[256];
    struct writer w = { .ptr = space, .room = sizeof space };
    const char *before = "";

    for (size_t i = 0; i < COUNT(printable); i++) {
        struct interval in;

        if (!interval_of(&v->stats->rtt, printable[i].which, &in))
            continue;
        put(&w, span_of(before));
        put(&w, span_of(printable[i].name));
        put_u8(&w, ' ');
        text_ms(&w, in.low);
        put(&w, span_of(" to "));
        text_ms(&w, in.high);
        before = ", ";
    }
    if (w.len > 0)
        fprintf(out, "%s: 95 %% sure: %.*s\n", kedge_endpoint_print(v->endpoint, text),
                (int)w.len, (const char *)space);
}

bool probe_show_table(const struct probe_result *r, FILE *out)
{
    size_t room = ROW_ROOM * ((size_t)r->count + 1);
    uint8_t *space = malloc(room);
    struct table t;

    if (!space)
        return false;
    table_init(&t, space, room, 12, 0xffeU);
    head(&t);
    for (uint32_t i = 0; i < r->count; i++)
        row(&t, &r->views[i]);
    table_print(&t, out, 0);
    free(space);
    for (uint32_t i = 0; i < r->count; i++)
        probe_notes(&r->views[i], out);
    for (uint32_t i = 0; r->count <= INTERVALS_MAX && i < r->count; i++)
        intervals(&r->views[i], out);
    for (size_t i = 0; i < COUNT(printable); i++)
        needs(&printable[i], r, out);
    calibration_note(&r->about.calibration, out);
    return true;
}
