/* SPDX-License-Identifier: MIT */
/* The progress line of a transfer, redrawn on a terminal. */
#include "report/progress.h"

#include "base/number.h"
#include "report/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define EVERY (100 * KEDGE_MSEC)
#define LINE_MAX_BYTES 1024
#define LABEL_COLUMNS 32
#define BAR_COLUMNS 40

bool terminal_draws(int fd)
{
    const char *term = getenv("TERM");

    return isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}

void progress_start(struct progress *p, int fd, bool quiet, struct kedge_span label,
                    kedge_nanos now)
{
    *p = (struct progress){ .fd = fd,
                            .on = !quiet && terminal_draws(fd),
                            .label = label,
                            .total = PROGRESS_UNKNOWN,
                            .start = now,
                            .moved = now,
                            .next = now + EVERY };
}

static size_t terminal_width(int fd)
{
    struct winsize size = { 0 };

    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
        return 80;
    return size.ws_col < 250 ? size.ws_col : 250;
}

void terminal_draw(int fd, struct kedge_span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);

        if (n < 0 && errno != EINTR)
            return;
        if (n > 0)
            bytes = (struct kedge_span){ bytes.ptr + n, bytes.len - (size_t)n };
    }
}

void progress_update(struct progress *p, uint64_t done, kedge_nanos now)
{
    uint8_t space[LINE_MAX_BYTES];
    struct writer w = { .ptr = space, .room = sizeof space };
    struct progress_view view = { p->label, done, p->total, sub_sat(now, p->start),
                                  .patience = p->patience };

    p->moved = done > p->furthest ? now : p->moved;
    p->furthest = max_u64(p->furthest, done);
    view.waited = sub_sat(now, p->moved);
    if (!p->on || now < p->next)
        return;
    p->next = now + EVERY;
    put_u8(&w, '\r');
    progress_line(&w, &view, terminal_width(p->fd) - 1);
    put(&w, span_of("\x1b[K"));
    terminal_draw(p->fd, written(&w));
    p->drawn = true;
}

void progress_end(struct progress *p)
{
    if (p->drawn)
        terminal_draw(p->fd, span_of("\r\x1b[K"));
    p->drawn = false;
    p->on = false;
}

struct short_text {
    char text[32];
};

static struct short_text time_text(uint64_t seconds)
{
    struct short_text s = { { 0 } };
    unsigned long long hours = seconds / 3600;
    unsigned minutes = (unsigned)(seconds / 60 % 60), rest = (unsigned)(seconds % 60);

    if (hours > 99)
        snprintf(s.text, sizeof s.text, "--:--");
    else if (hours > 0)
        snprintf(s.text, sizeof s.text, "%llu:%02u:%02u", hours, minutes, rest);
    else
        snprintf(s.text, sizeof s.text, "%02u:%02u", minutes, rest);
    return s;
}

static void put_bar(struct writer *w, const struct progress_view *view, size_t columns)
{
    size_t full =
        view->total == 0 ? columns : (size_t)mul_div(view->done, columns, view->total);

    put(w, span_of(" ["));
    for (size_t i = 0; i < columns; i++)
        put_u8(w, i < full ? '#' : '.');
    put_u8(w, ']');
}

static unsigned percent(const struct progress_view *view)
{
    return view->done < view->total ? (unsigned)mul_div(view->done, 100, view->total)
                                    : 100;
}

/* "  waiting, 4 s of 30" */
static void put_waiting(struct writer *w, const struct progress_view *view)
{
    put(w, span_of("  waiting, "));
    put_decimal(w, view->waited / KEDGE_SEC);
    put(w, span_of(" s"));
    if (view->patience == 0)
        return;
    put(w, span_of(" of "));
    put_decimal(w, view->patience / KEDGE_SEC);
}

/* " 42 %  12.3 MiB  1234 KiB/s  00:17 left" */
static void put_figures(struct writer *w, const struct progress_view *view)
{
    uint64_t rate = view->elapsed ? mul_div(view->done, KEDGE_SEC, view->elapsed) : 0;
    char text[32];

    if (view->total != PROGRESS_UNKNOWN) {
        snprintf(text, sizeof text, " %3u %%", percent(view));
        put(w, span_of(text));
    }
    if (view->done > 0 || view->waited < PROGRESS_STILL) {
        put(w, span_of("  "));
        text_size(w, view->done);
    }
    if (view->waited >= PROGRESS_STILL) {
        put_waiting(w, view);
        return;
    }
    put(w, span_of("  "));
    text_size(w, rate);
    put(w, span_of("/s"));
    if (view->total == PROGRESS_UNKNOWN)
        return;
    put(w, span_of("  "));
    put(w, span_of(rate ? time_text(sub_sat(view->total, view->done) / rate).text
                        : "--:--"));
    put(w, span_of(" left"));
}

void progress_line(struct writer *w, const struct progress_view *view, size_t width)
{
    uint8_t label_space[4 * LABEL_COLUMNS], figure_space[160];
    struct writer label = { .ptr = label_space, .room = sizeof label_space };
    struct writer figures = { .ptr = figure_space, .room = sizeof figure_space };
    size_t columns = 0;

    text_printable(&label, view->label, LABEL_COLUMNS);
    put_figures(&figures, view);
    columns = text_width(written(&label)) + figures.len;
    if (columns <= width) {
        put(w, written(&label));
        if (view->total != PROGRESS_UNKNOWN && columns + 3 + 8 <= width)
            put_bar(w, view, min_u64(width - columns - 3, BAR_COLUMNS));
    }
    figures.len = min_u64(figures.len, width);
    put(w, written(&figures));
}
