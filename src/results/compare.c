/* SPDX-License-Identifier: MIT */
/* Two runs, target by target. */
#include "results/compare.h"

#include "results/endpoint_text.h"
#include "results/figures.h"
#include "report/interval.h"
#include "report/table.h"
#include "report/text.h"

#include <stdlib.h>

#define ROOM_A_TARGET 8192

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

static void cell(struct table *t, const struct figure *f, const struct probe_view *v)
{
    uint8_t space[32];
    struct writer w = { .ptr = space, .room = sizeof space };
    struct value value;

    if (figure_get(f, v, &value) != VALUE_KNOWN)
        put_u8(&w, '-');
    else if (f->kind == VALUE_TIME)
        text_ms(&w, value.number);
    else
        put_decimal(&w, value.number);
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

static double share(uint64_t n, uint64_t of)
{
    return of > 0 ? 100.0 * (double)n / (double)of : 0;
}

/* Of a count other than how many were sent: its share of those. */
static void share_cell(struct table *t, const struct figure *f,
                       const struct probe_view *a, const struct probe_view *b)
{
    uint64_t was = figure_number(a, f->key), is = figure_number(b, f->key);
    char text[64];

    snprintf(text, sizeof text, "%.2f %% to %.2f %%",
             share(was, figure_number(a, "sent")), share(is, figure_number(b, "sent")));
    table_cell(t, f->uses & FIGURE_SHARED && was + is > 0 ? text : "");
}

static void rows(struct table *t, const struct probe_view *a, const struct probe_view *b)
{
    size_t count;
    const struct figure *all = figures(&count);

    for (size_t i = 0; i < count; i++) {
        const struct figure *f = &all[i];
        char name[32];

        if (!(f->uses & FIGURE_COMPARED))
            continue;
        snprintf(name, sizeof name, "%s%s", figure_name(f),
                 f->kind == VALUE_TIME ? " ms" : "");
        table_cell(t, name);
        cell(t, f, a);
        cell(t, f, b);
        if (f->kind == VALUE_TIME)
            change_cell(t, f->of(a), f->of(b), f->which);
        else
            share_cell(t, f, a, b);
    }
}

static void print_target(const struct probe_view *a, const struct probe_view *b,
                         uint8_t *space, FILE *out)
{
    char one[KEDGE_ENDPOINT_TEXT], two[KEDGE_ENDPOINT_TEXT];
    struct table t;

    (void)endpoint_shown(b->endpoint, two);
    if (!a) {
        fprintf(out, "%s\n  only in the second run\n", two);
        return;
    }
    if (same(a, b))
        fprintf(out, "%s\n", two);
    else
        fprintf(out, "%s, then %s\n", endpoint_shown(a->endpoint, one), two);
    table_init(&t, space, ROOM_A_TARGET, 4, 0x6U);
    table_cell(&t, "");
    table_cell(&t, "first");
    table_cell(&t, "second");
    table_cell(&t, "change");
    rows(&t, a, b);
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
                    endpoint_shown(before->views[i].endpoint, text));
    }
    free(space);
    return true;
}
