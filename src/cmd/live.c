#include "cmd/live.h"

#include "ask/probe_cause.h"
#include "base/number.h"
#include "cmd/terminal.h"
#include "report/progress.h"
#include "report/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVERY (200 * KEDGE_MSEC)
#define NAME_COLUMNS 32
#define ROW_ROOM 1024

bool live_open(struct live *l, int fd, const struct probe *p, kedge_nanos origin)
{
    *l = (struct live){
        .fd = fd, .unicode = terminal_utf8(), .count = probe_targets(p), .origin = origin
    };
    l->targets = calloc(l->count, sizeof *l->targets);
    for (uint32_t i = 0; l->targets && i < l->count; i++)
        l->targets[i].spark.width = max_u64(probe_plan_of(p)->interval, EVERY);
    return l->targets != NULL;
}

static void measure(struct live_target *t, kedge_nanos rtt)
{
    if (t->now.count == LIVE_REPLIES) {
        histogram_free(&t->before);
        t->before = t->now;
        t->now = (struct histogram){ 0 };
    }
    histogram_record(&t->now, rtt);
}

void live_count(struct live *l, uint32_t target, const struct account_event *event)
{
    kedge_nanos at = sub_sat(event->slot->intended, l->origin);
    struct live_target *t = &l->targets[target];

    if (event->fate != FATE_RECEIVED) {
        spark_fail(&t->spark, at);
        return;
    }
    spark_measure(&t->spark, at, event->slot->rtt);
    measure(t, event->slot->rtt);
}

/* ---- one row ---- */

static void name(struct writer *w, const struct probe_view *v)
{
    char text[KEDGE_ENDPOINT_TEXT];
    size_t from = w->len;

    text_shown(w, span_of(kedge_endpoint_print(v->endpoint, text)), NAME_COLUMNS);
    for (size_t n = text_width((struct kedge_span){ w->ptr + from, w->len - from });
         n < NAME_COLUMNS; n++)
        put_u8(w, ' ');
}

static void number(struct writer *w, const char *lead, uint64_t v, const char *tail)
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

static struct peer_losses ways_of(const struct probe_view *v)
{
    return v->peer ? probe_losses(v) : (struct peer_losses){ 0 };
}

/* What is known of the causes, in brackets. */
static void causes(struct writer *w, const struct probe_view *v)
{
    struct peer_losses ways = ways_of(v);
    const struct {
        uint64_t n;
        const char *what;
    } all[] = { { v->account->refused, " refused" },
                { v->account->unsent, " did not leave" },
                { ways.going, " going" },
                { ways.going > 0 ? ways.dropped : 0, " dropped by the server's queue" },
                { ways.going > 0 ? ways.refused : 0, " refused by its guard" },
                { ways.coming, " coming back" },
                { v->own_dropped > 0 ? (uint64_t)v->own_dropped : 0,
                  " dropped by our queue" } };
    const char *lead = " (";

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i].n == 0)
            continue;
        number(w, lead, all[i].n, all[i].what);
        lead = ", ";
    }
    put(w, span_of(*lead == ',' ? ")" : ""));
}

static void losses(struct writer *w, const struct probe_view *v)
{
    number(w, "  lost ", v->account->lost, "");
    causes(w, v);
    if (v->account->late > 0)
        number(w, "  late ", v->account->late, "");
}

/* No more than `width` columns, and no half of a character. */
static void clip(struct writer *w, struct kedge_span text, size_t width)
{
    size_t len = 0;

    for (size_t columns = 0; len < text.len; len++) {
        columns += (text.ptr[len] & 0xc0) != 0x80;
        if (columns > width)
            break;
    }
    put(w, (struct kedge_span){ text.ptr, len });
}

struct histogram live_last(const struct live_target *t)
{
    struct histogram last = { 0 };

    histogram_merge(&last, &t->now);
    histogram_merge(&last, &t->before);
    return last;
}

static void row(struct writer *w, const struct live *l, const struct probe_view *v,
                size_t width)
{
    uint8_t space[ROW_ROOM];
    struct writer text = { .ptr = space, .room = sizeof space };
    const struct live_target *t = &l->targets[v->number];
    struct histogram last = live_last(t);

    name(&text, v);
    put_u8(&text, ' ');
    spark_put(&t->spark, &text, l->unicode);
    percentile(&text, "  p50 ", &last, 50000);
    percentile(&text, "  p99 ", &last, 99000);
    histogram_free(&last);
    losses(&text, v);
    number(&text, "  of ", v->account->sent, "");
    clip(w, written(&text), width);
}

/* ---- all of them ---- */

static void to_the_first_row(struct live *l, struct writer *w)
{
    if (l->drawn > 0)
        number(w, "\x1b[", l->drawn, "A");
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
        number(&w, "and ", l->count - rows, " more");
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
