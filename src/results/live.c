/* SPDX-License-Identifier: MIT */
/* The rows of a running probe. */
#include "results/live.h"

#include "results/figures.h"
#include "base/number.h"
#include "report/terminal.h"
#include "report/progress.h"
#include "report/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVERY (200 * KEDGE_MSEC)
#define NAME_COLUMNS 32
#define NAME_LEAST 12
#define FIGURES_COLUMNS 48 /* two percentiles and losses, without causes */
#define FIGURES_LEAST 27   /* one percentile and losses */
#define CELLS_LEAST 4
#define ROW_ROOM 1024

static size_t columns(const struct writer *w, size_t from)
{
    return text_width((struct kedge_span){ w->ptr + from, w->len - from });
}

static void put_name(struct writer *w, const struct kedge_endpoint *e, size_t most)
{
    char text[KEDGE_ENDPOINT_TEXT];

    text_printable(w, span_of(kedge_endpoint_print(e, text)), most);
}

/* Of the longest name, as far as a row may have it. */
static size_t widest(const struct probe *p)
{
    size_t most = 0;

    for (uint32_t i = 0; i < probe_targets(p); i++) {
        uint8_t space[4 * NAME_COLUMNS + 1];
        struct writer w = { .ptr = space, .room = sizeof space };

        put_name(&w, probe_target_view(p, i).endpoint, NAME_COLUMNS);
        most = max_u64(most, columns(&w, 0));
    }
    return most;
}

bool live_open(struct live *l, int fd, const struct probe *p, kedge_nanos origin)
{
    *l = (struct live){
        .fd = fd, .unicode = terminal_utf8(), .count = probe_targets(p), .origin = origin
    };
    l->names = widest(p);
    l->targets = calloc(l->count, sizeof *l->targets);
    for (uint32_t i = 0; l->targets && i < l->count; i++)
        l->targets[i].spark.width = max_u64(probe_plan_of(p)->interval, EVERY);
    return l->targets != NULL;
}

static void measure_target(struct live_target *t, kedge_nanos rtt)
{
    if (t->now.count == LIVE_REPLIES) {
        histogram_free(&t->before);
        t->before = t->now;
        t->now = (struct histogram){ 0 };
    }
    histogram_record(&t->now, rtt);
}

void live_count(struct live *l, uint32_t target, const struct probe_stats_event *event)
{
    kedge_nanos at = sub_sat(event->slot->intended, l->origin);
    struct live_target *t = &l->targets[target];

    if (event->fate != FATE_RECEIVED) {
        spark_fail(&t->spark, at);
        return;
    }
    spark_measure(&t->spark, at, event->slot->rtt);
    measure_target(t, event->slot->rtt);
}

/* ---- one row ---- */

static void name(struct writer *w, const struct probe_view *v, size_t width)
{
    size_t from = w->len;

    put_name(w, v->endpoint, width);
    for (size_t n = columns(w, from); n < width; n++)
        put_u8(w, ' ');
}

static void put_live_number(struct writer *w, const char *lead, uint64_t v,
                            const char *tail)
{
    put(w, span_of(lead));
    put_decimal(w, v);
    put(w, span_of(tail));
}

static void percentile(struct writer *w, const char *lead, const struct histogram *h,
                       uint32_t which)
{
    kedge_nanos v = 0;

    put(w, span_of(lead));
    if (histogram_percentile(h, which, &v))
        text_ms(w, v);
    else
        put_u8(w, '-');
}

/* What is known of the causes, in brackets. */
static void causes(struct writer *w, const struct probe_view *v)
{
    size_t count;
    const struct figure *all = figures(&count);
    const char *lead = " (";

    for (size_t i = 0; i < count; i++) {
        const struct figure *f = &all[i];
        uint64_t n = f->cause ? figure_number(v, f->key) : 0;

        if (n == 0 || (f->when && figure_number(v, f->when) == 0))
            continue;
        put_live_number(w, lead, n, " ");
        put(w, span_of(f->cause));
        lead = ", ";
    }
    put(w, span_of(*lead == ',' ? ")" : ""));
}

struct histogram live_last(const struct live_target *t)
{
    struct histogram last = { 0 };

    histogram_merge(&last, &t->now);
    histogram_merge(&last, &t->before);
    return last;
}

/* From its two spaces on; where there is none, a column. */
static void cut_figure(struct writer *w)
{
    size_t at = w->len;

    while (at > 2 && !(w->ptr[at - 1] == ' ' && w->ptr[at - 2] == ' '))
        at--;
    w->len = at > 2 ? at - 2 : w->len - 1;
}

/* The last of its moments. */
static void put_spark(struct writer *w, const struct live *l, const struct spark *s,
                      size_t cells)
{
    uint8_t space[4 * SPARK_CELLS];
    struct writer all = { .ptr = space, .room = sizeof space };
    size_t skip = SPARK_CELLS - cells, at = 0;

    spark_put(s, &all, l->unicode);
    for (; at < all.len; at++)
        if ((all.ptr[at] & 0xc0) != 0x80 && skip-- == 0)
            break;
    put(w, (struct kedge_span){ all.ptr + at, all.len - at });
}

/* What a row has where there is less and less room. */
enum amount { ALL, NO_CAUSES, NO_P99 };

static void row_figures(struct writer *w, const struct live *l,
                        const struct probe_view *v, enum amount amount)
{
    struct histogram last = live_last(&l->targets[v->number]);

    percentile(w, "  p50 ", &last, 50000);
    if (amount < NO_P99)
        percentile(w, "  p99 ", &last, 99000);
    histogram_free(&last);
    put_live_number(w, "  lost ", v->stats->lost, "");
    if (amount < NO_CAUSES)
        causes(w, v);
    if (v->stats->late > 0 && amount < NO_P99)
        put_live_number(w, "  late ", v->stats->late, "");
    put_live_number(w, "  of ", v->stats->sent, "");
}

/* A figure is never cut: a part of a number would be another one. */
static void row(struct writer *w, const struct live *l, const struct probe_view *v,
                size_t width)
{
    size_t names = min_u64(l->names, max_u64(NAME_LEAST, sub_sat(width, FIGURES_LEAST)));
    size_t cells = min_u64(SPARK_CELLS, sub_sat(width, names + 1 + FIGURES_COLUMNS));
    uint8_t space[ROW_ROOM];
    struct writer text = { .ptr = space, .room = sizeof space };

    for (enum amount amount = ALL; amount <= NO_P99; amount++) {
        text.len = 0;
        name(&text, v, names);
        if (cells >= CELLS_LEAST) {
            put_u8(&text, ' ');
            put_spark(&text, l, &l->targets[v->number].spark, cells);
        }
        row_figures(&text, l, v, amount);
        if (columns(&text, 0) <= width)
            break;
    }
    while (columns(&text, 0) > width)
        cut_figure(&text);
    put(w, written(&text));
}

/* ---- all of them ---- */

static void to_the_first_row(struct live *l, struct writer *w)
{
    if (l->drawn > 0)
        put_live_number(w, "\x1b[", l->drawn, "A");
    put(w, span_of("\r"));
    l->drawn = 0;
}

static void end_row(struct live *l, struct writer *w)
{
    put(w, span_of("\x1b[K\n"));
    l->drawn++;
}

void live_draw(struct live *l, const struct probe *p, kedge_nanos now)
{
    struct terminal_size size = terminal_size(l->fd);
    uint32_t rows = (uint32_t)min_u64(l->count, size.rows - 2U);
    size_t room = ((size_t)rows + 2) * ROW_ROOM;
    struct writer w = { .ptr = now < l->next ? NULL : malloc(room), .room = room };

    if (!w.ptr)
        return;
    l->next = now + EVERY;
    to_the_first_row(l, &w);
    for (uint32_t i = 0; i < rows; i++) {
        struct probe_view v = probe_target_view(p, i);

        row(&w, l, &v, size.columns - 1U);
        end_row(l, &w);
    }
    if (rows < l->count) {
        put_live_number(&w, "and ", l->count - rows, " more");
        end_row(l, &w);
    }
    put(&w, span_of("\x1b[J"));
    terminal_draw(l->fd, written(&w));
    free(w.ptr);
}

void live_close(struct live *l)
{
    uint8_t space[64];
    struct writer w = { .ptr = space, .room = sizeof space };

    if (l->drawn > 0) {
        to_the_first_row(l, &w);
        put(&w, span_of("\x1b[J"));
        terminal_draw(l->fd, written(&w));
    }
    for (uint32_t i = 0; l->targets && i < l->count; i++) {
        histogram_free(&l->targets[i].now);
        histogram_free(&l->targets[i].before);
    }
    free(l->targets);
    *l = (struct live){ 0 };
}
