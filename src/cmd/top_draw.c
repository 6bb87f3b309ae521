/* SPDX-License-Identifier: MIT */
/* The lines of a screen of `kedge top`. */
#include "cmd/top_draw.h"

#include "base/number.h"
#include "report/record.h"
#include "report/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDS_LEAST = 4, COLUMNS_MOST = 300 };

/* A column is there from some width of the screen on. */
struct column {
    const char *head;
    size_t from;  /* columns of the screen */
    size_t width; /* 0: what is left over */
    bool right;
    void (*put)(struct writer *w, const struct top_row *r, size_t width);
};

/* ---- cells ---- */

static size_t width_of(const struct writer *w, size_t from)
{
    return text_width((struct kedge_span){ w->ptr + from, w->len - from });
}

static void spaces(struct writer *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_u8(w, ' ');
}

/* Bytes of anyone's, in that many columns at most: an escape or a character is not cut. */
static void put_cut(struct writer *w, struct kedge_span bytes, size_t width)
{
    uint8_t space[TOP_LINE];
    size_t most = min_u64(4 * width, sizeof space);

    for (; most > 0; most--) {
        struct writer cell = { .ptr = space, .room = sizeof space };

        text_printable(&cell, bytes, most);
        if (!cell.bad && width_of(&cell, 0) <= width) {
            put(w, written(&cell));
            return;
        }
    }
}

static void put_padded_text(struct writer *w, const char *text, size_t width)
{
    put_cut(w, span_of(text), width);
}

static void put_client(struct writer *w, const struct top_row *r, size_t width)
{
    struct kedge_span peer = span_of(r->peer);
    const char *port = strrchr(r->peer, ':');

    if (port && text_width(peer) > width) /* the host says more */
        peer.len = (size_t)(port - r->peer);
    put_cut(w, peer, width);
}

static void put_mac(struct writer *w, const struct top_row *r, size_t width)
{
    put_padded_text(w, r->mac[0] ? r->mac : "-", width);
}

static void put_file(struct writer *w, const struct top_row *r, size_t width)
{
    bool marked = r->writes && width > 2;

    put(w, span_of(marked ? "^ " : ""));
    put_cut(w, (struct kedge_span){ r->file.bytes, r->file.len },
            width - (marked ? 2 : 0));
}

static uint64_t share_of_width(const struct top_row *r, uint64_t whole)
{
    if (r->size == 0)
        return whole;
    return mul_div(min_u64(r->bytes, r->size), whole, r->size);
}

static void put_bar(struct writer *w, const struct top_row *r, size_t width)
{
    size_t full = r->size == TOP_UNKNOWN ? 0 : share_of_width(r, sub_sat(width, 2));

    put_u8(w, '[');
    for (size_t i = 0; i + 2 < width; i++)
        put_u8(w, i < full ? '#' : '.');
    put_u8(w, ']');
}

static void put_padded_number(struct writer *w, uint64_t n, size_t width,
                              const char *unit)
{
    char text[32];

    snprintf(text, sizeof text, "%llu%s", (unsigned long long)n, unit);
    put_padded_text(w, text, width);
}

/* Of an upload whose size is not known: what came. */
static void put_percent(struct writer *w, const struct top_row *r, size_t width)
{
    if (r->size != TOP_UNKNOWN)
        put_padded_number(w, share_of_width(r, 100), width, "%");
    else
        put_padded_text(w, "?", width);
}

static void put_rate(struct writer *w, const struct top_row *r, size_t width)
{
    uint8_t space[32];
    struct writer rate = { .ptr = space, .room = sizeof space };

    text_size(&rate, r->rate);
    put(&rate, span_of("/s"));
    put_cut(w, written(&rate), width);
}

static void put_blocks(struct writer *w, const struct top_row *r, size_t width)
{
    char text[48];

    snprintf(text, sizeof text, "%llux%llu", (unsigned long long)r->blksize,
             (unsigned long long)r->windowsize);
    put_padded_text(w, text, width);
}

static void put_losses(struct writer *w, const struct top_row *r, size_t width)
{
    put_padded_number(w, r->resent, width, "");
}

static void put_time(struct writer *w, uint64_t ms, size_t width)
{
    unsigned long long s = ms / 1000;
    char text[32];

    if (s < 100)
        snprintf(text, sizeof text, "%llus", s);
    else if (s < 6000)
        snprintf(text, sizeof text, "%llum%02llu", s / 60, s % 60);
    else if (s < 360000)
        snprintf(text, sizeof text, "%lluh%02llu", s / 3600, s / 60 % 60);
    else
        snprintf(text, sizeof text, "%llud%02llu", s / 86400, s / 3600 % 24);
    put_padded_text(w, text, width);
}

static void put_age(struct writer *w, const struct top_row *r, size_t width)
{
    put_time(w, r->age_ms, width);
}

/* ---- rows ---- */

/* A terminal has one column more, which is left free. */
static const struct column columns[] = {
    { "CLIENT", 0, 15, false, put_client }, { "MAC", 119, 17, false, put_mac },
    { "FILE", 0, 0, false, put_file },      { "PROGRESS", 59, 12, false, put_bar },
    { "DONE", 30, 4, true, put_percent },   { "RATE", 39, 10, true, put_rate },
    { "BLOCKS", 89, 9, true, put_blocks },  { "LOSSES", 71, 6, true, put_losses },
    { "AGE", 49, 6, true, put_age },
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* An IPv6 address with its port needs more, where there is more. */
static size_t width_at(const struct column *c, size_t screen)
{
    if (c->put == put_client && screen < c->width + 2) /* and a space, and of the file */
        return max_u64(sub_sat(screen, 2), 1);
    if (c->put == put_client && screen >= 179)
        return 47;
    if (c->put == put_client && screen >= 69)
        return 21;
    if (c->put == put_bar && screen >= 179)
        return 32;
    return c->width;
}

static size_t left_over(size_t screen)
{
    size_t used = 0;

    for (size_t i = 0; i < COLUMNS; i++)
        if (screen >= columns[i].from)
            used += width_at(&columns[i], screen) + (i > 0);
    return screen > used ? screen - used : 1;
}

static void put_padded(struct writer *w, struct kedge_span cell, size_t width, bool right)
{
    size_t pad = sub_sat(width, text_width(cell));

    spaces(w, right ? pad : 0);
    put(w, cell);
    spaces(w, right ? 0 : pad);
}

/* r NULL: the heads. */
static void put_row(struct writer *w, const struct top_row *r, size_t screen)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct column *c = &columns[i];
        size_t width = width_at(c, screen);
        uint8_t space[TOP_LINE];
        struct writer cell = { .ptr = space, .room = sizeof space };

        if (screen < c->from)
            continue;
        if (width == 0)
            width = left_over(screen);
        if (r)
            c->put(&cell, r, width);
        else
            put_padded_text(&cell, c->head, width);
        spaces(w, i > 0);
        put_padded(w, written(&cell), width, c->right);
    }
}

/* ---- what is around them ---- */

static void put_size(struct writer *w, const char *before, uint64_t bytes,
                     const char *after)
{
    put(w, span_of(before));
    text_size(w, bytes);
    put(w, span_of(after));
}

static void put_count(struct writer *w, uint64_t n, const char *what)
{
    put_decimal(w, n);
    put(w, span_of(what));
}

static uint64_t rate_of_all(const struct top_state *s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < s->row_count; i++)
        sum += s->rows[i].rate;
    return sum;
}

/* The later parts give way where the screen is narrow. */
static void put_totals(struct writer *w, const struct top_state *s, size_t screen)
{
    uint8_t space[6][128];
    struct writer parts[6];

    for (size_t i = 0; i < 6; i++)
        parts[i] = (struct writer){ .ptr = space[i], .room = sizeof space[i] };
    put_count(&parts[0], s->active, " open");
    put_count(&parts[1], s->ok, " ok");
    put_count(&parts[2], s->failed, " failed");
    put_size(&parts[3], "", rate_of_all(s), "/s");
    put_size(&parts[4], "", s->got, " sent, ");
    put_size(&parts[4], "", s->put, " received");
    put(&parts[5], span_of("up "));
    put_time(&parts[5], s->uptime_ms, 16);
    put(&parts[5], span_of(", kedge "));
    put_padded_text(&parts[5], s->version, 16);
    for (size_t i = 0, used = 0; i < 6; i++) {
        used += text_width(written(&parts[i])) + (i > 0 ? 2 : 0);
        if (used > screen)
            return;
        put(w, span_of(i > 0 ? ", " : ""));
        put(w, written(&parts[i]));
    }
}

static void put_clock(struct writer *w, uint64_t time_ms)
{
    uint8_t space[64];
    struct writer time = { .ptr = space, .room = sizeof space };

    record_time(&time, time_ms); /* 2026-11-22T19:04:00.123Z */
    if (!time.bad && time.len > 19)
        put(w, (struct kedge_span){ space + 11, 8 });
}

static void put_end(struct writer *w, const struct top_end *e, size_t screen)
{
    struct kedge_span file = { e->file.bytes, e->file.len };
    struct kedge_span verdict = { e->verdict.bytes, e->verdict.len };
    uint8_t space[4 * TOP_LINE];
    struct writer line = { .ptr = space, .room = sizeof space };

    if (screen >= 60)
        put_clock(&line, e->time_ms);
    spaces(&line, screen >= 60 ? 2 : 0);
    put_padded(&line, span_of(e->outcome), 11, false);
    spaces(&line, 1);
    put_padded_text(&line, e->peer, 47);
    spaces(&line, 1);
    text_printable(&line, file, 2 * TOP_TEXT);
    if (verdict.len > 0) {
        put(&line, span_of(": "));
        text_printable(&line, verdict, 2 * TOP_TEXT);
    }
    put_cut(w, written(&line), screen);
}

/* ---- the screen ---- */

static uint64_t port_of(const char *peer)
{
    const char *colon = strrchr(peer, ':');

    return colon ? strtoull(colon + 1, NULL, 10) : 0;
}

static int order(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

/* The greatest first; clients by name. Equal ones keep their places from screen to screen. */
static int compare(const void *left, const void *right, void *sort)
{
    const struct top_row *a = left, *b = right;
    int by = 0;

    switch (*(const enum top_sort *)sort) {
    case TOP_BY_RATE:
        by = order(a->rate, b->rate);
        break;
    case TOP_BY_BYTES:
        by = order(a->bytes, b->bytes);
        break;
    case TOP_BY_LOSSES:
        by = order(a->resent, b->resent);
        break;
    case TOP_BY_AGE:
        by = order(a->age_ms, b->age_ms);
        break;
    default:
        break;
    }
    if (by == 0)
        by = strcmp(a->peer, b->peer);
    return by ? by : order(port_of(b->peer), port_of(a->peer));
}

void top_sort(struct top_state *s, enum top_sort sort)
{
    qsort_r(s->rows, s->row_count, sizeof *s->rows, compare, &sort);
}

struct screen {
    struct writer *w;
    const char *newline;
    size_t left; /* lines */
};

static bool begin_line(struct screen *s)
{
    if (s->left == 0)
        return false;
    s->left--;
    return true;
}

static void end_line(struct screen *s)
{
    put(s->w, span_of(s->newline));
}

static void put_live(struct screen *out, const struct top_state *s, size_t columns_of,
                     size_t most)
{
    size_t shown = s->row_count <= most ? s->row_count : sub_sat(most, 1);

    for (size_t i = 0; i < shown && begin_line(out); i++) {
        put_row(out->w, &s->rows[i], columns_of);
        end_line(out);
    }
    if (s->active > shown && begin_line(out)) {
        put_padded_number(out->w, s->active - shown, columns_of, " more");
        end_line(out);
    }
}

static const char *const keys =
    "q quit, sort: a age, r rate, b bytes, l losses, c client";

void top_draw(struct writer *w, const struct top_state *s, const struct top_look *look,
              const char *newline)
{
    size_t screen = min_u64(look->columns, COLUMNS_MOST);
    struct screen out = { w, newline, min_u64(look->rows, TOP_SCREEN_ROWS) };
    size_t ends = min_u64(s->end_count, max_u64(ENDS_LEAST, out.left / 3));
    size_t live = sub_sat(out.left, ends + 5);

    if (begin_line(&out)) {
        put_totals(w, s, screen);
        end_line(&out);
    }
    if (begin_line(&out)) {
        put_row(w, NULL, screen);
        end_line(&out);
    }
    put_live(&out, s, screen, live);
    if (ends > 0 && out.left > 2 && begin_line(&out))
        end_line(&out);
    for (size_t i = 0; i < ends && out.left > 1 && begin_line(&out); i++) {
        put_end(w, &s->ends[i], screen);
        end_line(&out);
    }
    if (look->note && begin_line(&out)) {
        put_padded_text(w, look->note[0] ? look->note : keys, screen);
        end_line(&out);
    }
}
