/* SPDX-License-Identifier: MIT */
/* A call on a socket as a line of text: when, which socket, what was called, what came of
 * it, and where that left the connection. */
#include "trace/line.h"

#include "trace/path.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME_COLUMNS 15
#define RESULT_COLUMNS 12
#define STATE_COLUMN 42 /* where the state begins */

void line_add(struct writer *w, const char *format, ...)
{
    char text[LINE_MOST];
    va_list list;

    va_start(list, format);
    /* It was started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    put(w, span_of(text));
}

static const char *error_name(int code)
{
#ifdef __GLIBC__
    const char *name = strerrorname_np(code);

    if (name)
        return name;
#endif
    return strerror(code);
}

void line_result(struct writer *w, int64_t result)
{
    if (result < 0)
        line_add(w, "%s", error_name((int)-result));
    else
        line_add(w, "%" PRId64, result);
}

void line_head(struct writer *w)
{
    line_add(w, "%9s %2s %-*s %-*s %s\n", "ms", "#", NAME_COLUMNS, "call", RESULT_COLUMNS,
             "result", "state; rtt and rto in ms");
}

/* ---- what comes after the result ---- */

/* "CLOSED > (SYN-SENT) > ESTABLISHED" */
void line_states(struct writer *w, const struct trace_call *c)
{
    enum path_edge took[PATH_LONGEST];
    unsigned count = path_of(c, took);

    if (c->before != c->after && c->before != STATE_UNKNOWN)
        line_add(w, "%s > ", path_name(c->before));
    for (unsigned i = 0; i < count; i++)
        if (path_end(took[i]) != c->after)
            line_add(w, "(%s) > ", path_name(path_end(took[i])));
    line_add(w, "%s%s", c->reset ? "RST > " : "", path_name(c->after));
}

static const char *kind_name(enum trace_kind kind)
{
    switch (kind) {
    case TRACE_UDP:
        return "UDP";
    case TRACE_UNIX:
        return "unix";
    case TRACE_NETLINK:
        return "netlink";
    default:
        return "-";
    }
}

/* "ESTABLISHED, with 127.0.0.1:7007, rtt 0.012 rto 204 cwnd 10" */
static void line_story(struct writer *w, const struct trace_call *c)
{
    if (c->kind == TRACE_TCP)
        line_states(w, c);
    else if (!c->packet)
        put(w, span_of(kind_name(c->kind)));
    if (*c->words)
        line_add(w, "%s%s", c->packet ? "" : ", ", c->words);
    if (c->measured)
        line_add(w, ", rtt %.3f rto %.0f cwnd %" PRIu32, line_ms(c->rtt), line_ms(c->rto),
                 c->cwnd);
    if (c->measured && c->resent > 0)
        line_add(w, " resent %" PRIu32, c->resent);
}

/* The length of the next word, with the blank before it. */
static size_t word_length(struct kedge_span left)
{
    const uint8_t *blank = left.len > 1 ? memchr(left.ptr + 1, ' ', left.len - 1) : NULL;

    return blank ? (size_t)(blank - left.ptr) : left.len;
}

/* Folded between words, each line but the first indented to where the first began. */
static void put_folded(struct writer *w, struct kedge_span text, size_t at,
                       unsigned columns)
{
    while (text.len > 0) {
        size_t len = word_length(text);

        if (columns > STATE_COLUMN && at > STATE_COLUMN && at + len > columns) {
            line_add(w, "\n%*s", STATE_COLUMN - 1, "");
            at = STATE_COLUMN - 1;
        }
        put(w, (struct kedge_span){ text.ptr, len });
        at += len;
        text = (struct kedge_span){ text.ptr + len, text.len - len };
    }
}

/* "recv", and of a process that is not COMMAND itself "recv [4711]". */
static void put_name(char out[TRACE_NAME + 16], const struct trace_call *c)
{
    const char *name = *c->name ? c->name : "(later)";

    if (c->process)
        snprintf(out, TRACE_NAME + 16, "%s [%" PRId32 "]", name, c->process);
    else
        snprintf(out, TRACE_NAME + 16, "%s", name);
}

void line_call(struct writer *w, const struct trace_call *c, unsigned columns)
{
    char name[TRACE_NAME + 16], result[32] = { 0 }, story[TRACE_WORDS + 384];
    struct writer r = { .ptr = (uint8_t *)result, .room = sizeof result - 1 };
    struct writer s = { .ptr = (uint8_t *)story, .room = sizeof story };
    size_t begin = w->len;
    int over; /* a long name takes from the room of the result */

    put_name(name, c);
    if (*c->name)
        line_result(&r, c->result);
    else
        put(&r, span_of("-"));
    line_story(&s, c);
    over = strlen(name) > NAME_COLUMNS ? (int)strlen(name) - NAME_COLUMNS : 0;
    line_add(w, "%9.3f %2" PRIu32 " %-*s %-*s ", line_ms(c->at), c->socket, NAME_COLUMNS,
             name, over < RESULT_COLUMNS ? RESULT_COLUMNS - over : 0, result);
    put_folded(w, written(&s), w->len - begin, columns);
    put_u8(w, '\n');
}
