#include "ask/probe_cause.h"

#include "base/number.h"
#include "report/text.h"

static void note(FILE *out, const struct probe_view *v, uint64_t n, const char *what)
{
    char text[KEDGE_ENDPOINT_TEXT];

    if (n > 0)
        fprintf(out, "%s: %llu %s\n", kedge_endpoint_print(v->endpoint, text),
                (unsigned long long)n, what);
}

static const char *ms(char out[32], kedge_nanos v)
{
    struct writer w = { .ptr = (uint8_t *)out, .room = 31 };

    text_ms(&w, v);
    out[w.len] = 0;
    return out;
}

/* The figure of both histograms that shows most of how they part: the highest percentile
 * that is known. */
static void parting_note(FILE *out, const struct probe_view *v)
{
    static const struct {
        uint32_t which;
        const char *name;
    } all[] = { { 99900, "p99.9" }, { 99000, "p99" }, { 50000, "p50" } };
    const struct account *a = v->account;
    char text[KEDGE_ENDPOINT_TEXT], one[32], other[32];
    kedge_nanos meant = 0, service = 0;
    size_t i = 0;

    while (i < 2 && a->rtt.count < histogram_needed(all[i].which))
        i++;
    if (!histogram_percentile(&a->intended, all[i].which, &meant) ||
        !histogram_percentile(&a->rtt, all[i].which, &service) ||
        sub_sat(meant, service) < max_u64(SELF_LATE / 2, service / 10))
        return;
    fprintf(
        out,
        "%s: from the intended time %s is %s ms, from the actual send %s: this program "
        "sent %llu late\n",
        kedge_endpoint_print(v->endpoint, text), all[i].name, ms(one, meant),
        ms(other, service), (unsigned long long)a->left_late);
}

static void stall_note(FILE *out, const struct probe_view *v)
{
    const struct stalls *s = v->stalls;
    const struct stall *longest = s ? &s->longest : NULL;
    char text[KEDGE_ENDPOINT_TEXT], took[32], at[32], times[64] = "";

    if (!s || s->count == 0)
        return;
    if (s->count > 1)
        snprintf(times, sizeof times, "%llu times, at most ",
                 (unsigned long long)s->count);
    fprintf(
        out,
        "%s: stood still %sfor %s ms, %s ms into the run: %llu probes waited for it and "
        "were answered, which is no loss\n",
        kedge_endpoint_print(v->endpoint, text), times,
        ms(took, longest->to - longest->from), ms(at, sub_sat(longest->from, v->started)),
        (unsigned long long)longest->waited);
}

void probe_cause_notes(const struct probe_view *v, FILE *out)
{
    note(out, v, (uint64_t)(v->own_dropped > 0 ? v->own_dropped : 0),
         "replies dropped by this program's own queue, not by the network");
    stall_note(out, v);
    parting_note(out, v);
    note(out, v, v->account->held_up, "measured while this program itself was held up");
}

/* ---- JSON ---- */

static void number_or_null(struct json *j, const char *key, bool known, uint64_t v)
{
    if (known)
        json_u64(j, key, v);
    else
        json_null(j, key);
}

static void json_stalls(struct json *j, const struct probe_view *v)
{
    const struct stalls *s = v->stalls;
    const struct stall *l = &s->longest;

    json_object(j, "stalls");
    json_u64(j, "n", s->count);
    number_or_null(j, "longest_ns", s->count > 0, l->to - l->from);
    number_or_null(j, "longest_at_ns", s->count > 0, sub_sat(l->from, v->started));
    number_or_null(j, "longest_waited", s->count > 0, l->waited);
    json_end(j);
}

static void json_self(struct json *j, const struct self *s)
{
    json_object(j, "self_late");
    json_u64(j, "n", s->times);
    json_u64(j, "max_ns", s->worst);
    json_end(j);
}

void probe_cause_json(struct json *j, const struct probe_view *v)
{
    if (!v->stalls)
        return;
    number_or_null(j, "own_dropped", v->own_dropped >= 0, (uint64_t)v->own_dropped);
    json_u64(j, "left_late", v->account->left_late);
    json_u64(j, "held_up", v->account->held_up);
    json_self(j, v->self);
    json_stalls(j, v);
}
