#include "results/compare.h"

#include "report/interval.h"
#include "report/table.h"
#include "report/text.h"

#include <stdlib.h>

#define ROOM_A_TARGET 8192

struct compared {
    const char *name;
    uint32_t which;
};

static const struct compared percentiles[] = {
    { "p50 ms", 50000 },
    { "p90 ms", 90000 },
    { "p99 ms", 99000 },
    { "p99.9 ms", 99900 },
};

static bool same(const struct probe_view *a, const struct probe_view *b)
{
    char one[KEDGE_ENDPOINT_TEXT], two[KEDGE_ENDPOINT_TEXT];

    return span_equal(span_of(kedge_endpoint_print(a->endpoint, one)),
                      span_of(kedge_endpoint_print(b->endpoint, two)));
}

const struct probe_view *probe_counterpart(const struct probe_result *in,
                                           const struct probe_result *of, uint32_t number)
{
    uint32_t earlier = 0;

    if (in->count == 1 && of->count == 1)
        return &in->views[0];
    for (uint32_t i = 0; i < number; i++)
        earlier += same(&of->views[i], &of->views[number]);
    for (uint32_t i = 0; i < in->count; i++)
        if (same(&in->views[i], &of->views[number]) && earlier-- == 0)
            return &in->views[i];
    return NULL;
}

static void ms_cell(struct table *t, const struct histogram *h, uint32_t which)
{
    uint8_t space[32];
    struct writer w = { .ptr = space, .room = sizeof space };
    kedge_nanos v = 0;

    if (!histogram_percentile(h, which, &v)) {
        table_cell(t, "-");
        return;
    }
    text_ms(&w, v);
    table_cell_span(t, written(&w));
}

static void change_cell(struct table *t, const struct histogram *a,
                        const struct histogram *b, uint32_t which)
{
    struct interval_change v;
    char text[128];

    if (!interval_of_change(a, b, which, &v))
        snprintf(text, sizeof text, "needs %llu replies in each",
                 (unsigned long long)histogram_needed(which));
    else if (!v.bounded)
        snprintf(text, sizeof text, "%+.1f %% (an interval needs %llu replies in each)",
                 v.change, (unsigned long long)interval_needed(which));
    else
        snprintf(text, sizeof text, "%+.1f %% (interval %+.1f to %+.1f %%)", v.change,
                 v.low, v.high);
    table_cell(t, text);
}

static void count_row(struct table *t, const char *name, uint64_t a, uint64_t b)
{
    table_cell(t, name);
    table_cell_u64(t, a);
    table_cell_u64(t, b);
    table_cell(t, "");
}

static double share(uint64_t n, uint64_t of)
{
    return of > 0 ? 100.0 * (double)n / (double)of : 0;
}

static void lost_row(struct table *t, const struct probe_stats *a,
                     const struct probe_stats *b)
{
    char text[64];

    snprintf(text, sizeof text, "%.2f %% to %.2f %%", share(a->lost, a->sent),
             share(b->lost, b->sent));
    table_cell(t, "lost");
    table_cell_u64(t, a->lost);
    table_cell_u64(t, b->lost);
    table_cell(t, a->lost + b->lost > 0 ? text : "");
}

static void rows(struct table *t, const struct probe_stats *a,
                 const struct probe_stats *b)
{
    count_row(t, "sent", a->sent, b->sent);
    count_row(t, "received", a->received, b->received);
    lost_row(t, a, b);
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
        table_cell(t, percentiles[i].name);
        ms_cell(t, &a->rtt, percentiles[i].which);
        ms_cell(t, &b->rtt, percentiles[i].which);
        change_cell(t, &a->rtt, &b->rtt, percentiles[i].which);
    }
}

static void print_target(const struct probe_view *a, const struct probe_view *b,
                         uint8_t *space, FILE *out)
{
    char one[KEDGE_ENDPOINT_TEXT], two[KEDGE_ENDPOINT_TEXT];
    struct table t;

    (void)kedge_endpoint_print(b->endpoint, two);
    if (!a) {
        fprintf(out, "%s\n  only in the second run\n", two);
        return;
    }
    if (same(a, b))
        fprintf(out, "%s\n", two);
    else
        fprintf(out, "%s, then %s\n", kedge_endpoint_print(a->endpoint, one), two);
    table_init(&t, space, ROOM_A_TARGET, 4, 0x6U);
    table_cell(&t, "");
    table_cell(&t, "first");
    table_cell(&t, "second");
    table_cell(&t, "change");
    rows(&t, a->stats, b->stats);
    table_print(&t, out, 2);
}

bool probe_compare(const struct probe_result *before, const struct probe_result *after,
                   FILE *out)
{
    uint8_t *space = malloc(ROOM_A_TARGET);

    if (!space)
        return false;
    for (uint32_t i = 0; i < after->count; i++)
        print_target(probe_counterpart(before, after, i), &after->views[i], space, out);
    for (uint32_t i = 0; i < before->count; i++) {
        char text[KEDGE_ENDPOINT_TEXT];

        if (!probe_counterpart(after, before, i))
            fprintf(out, "%s\n  only in the first run\n",
                    kedge_endpoint_print(before->views[i].endpoint, text));
    }
    free(space);
    return true;
}
