#include "report/tcp_text.h"

#include "report/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 58 /* columns of the picture */
#define ROWS 19

__attribute__((format(printf, 2, 3))) static void say(struct writer *w,
                                                      const char *format, ...)
{
    char text[TCP_LINE];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    put(w, span_of(text));
}

/* ---- a line a call ---- */

void tcp_text_states(struct writer *w, const struct kedge_call *c)
{
    enum way_edge took[WAY_LONGEST];
    unsigned count = way_of(c, took);

    if (c->before != c->after && c->before != KEDGE_TCP_UNKNOWN)
        say(w, "%s > ", way_name(c->before));
    for (unsigned i = 0; i < count; i++)
        if (way_end(took[i]) != c->after)
            say(w, "(%s) > ", way_name(way_end(took[i])));
    say(w, "%s%s", c->reset ? "RST > " : "", way_name(c->after));
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

void tcp_text_result(struct writer *w, const struct kedge_call *c)
{
    if (!*c->name)
        say(w, "-"); /* nothing was called */
    else if (c->result < 0)
        say(w, "%s", error_name((int)-c->result));
    else
        say(w, "%" PRId64, c->result);
}

void tcp_text_head(struct writer *w)
{
    say(w, "%9s  %6s  %-20s %-13s %8s %8s %5s %6s  %s\n", "ms", "socket", "call",
        "result", "rtt ms", "rto ms", "cwnd", "resent", "state");
}

static double ms(kedge_nanos t)
{
    return (double)t / (double)KEDGE_MSEC;
}

void tcp_text_call(struct writer *w, const struct kedge_call *c)
{
    char space[64] = { 0 };
    struct writer result = { .ptr = (uint8_t *)space, .room = sizeof space - 1 };

    tcp_text_result(&result, c);
    say(w, "%9.3f  %6" PRIu32 "  %-20s %-13s ", ms(c->at), c->socket,
        *c->name ? c->name : "(later)", space);
    if (c->measured)
        say(w, "%8.3f %8.0f %5" PRIu32 " %6" PRIu32 "  ", ms(c->rtt), ms(c->rto), c->cwnd,
            c->resent);
    else
        say(w, "%8s %8s %5s %6s  ", "-", "-", "-", "-");
    tcp_text_states(w, c);
    if (c->peer) {
        put(w, span_of(", with "));
        text_printable(w, span_of(c->peer), 128);
    }
    put_u8(w, '\n');
}

/* ---- the diagram ---- */

/* Two pictures of one size: what stands in each cell, and the edge that a cell belongs to
 * ('A' is the first). Of an edge, 1 2 3 4 are the corners of a frame. */
static const char *const picture[ROWS] = {
    "               1---------- CLOSED ----------2             ",
    "      connect  |                            |  listen     ",
    "               v                            v             ",
    "           SYN-SENT                      LISTEN           ",
    "               |                            |  SYN comes  ",
    "               |                            v             ",
    "     SYN, ACK  |                      SYN-RECEIVED        ",
    "        comes  |                            |  ACK comes  ",
    "               3------> ESTABLISHED <-------4             ",
    "        close      1-------4    3-------2      FIN comes  ",
    "                   v                    v                 ",
    "              FIN-WAIT-1            CLOSE-WAIT            ",
    "  ACK comes  |          |  FIN          |  close          ",
    "             v          v               v                 ",
    "        FIN-WAIT-2   CLOSING        LAST-ACK              ",
    "  FIN comes  |          |  ACK          |  ACK comes      ",
    "             3> TIME-WAIT <4            |                 ",
    "                    |  60 s             v                 ",
    "                    3------------> CLOSED                 ",
};

static const char *const owner[ROWS] = {
    "               BBBBBBBBBBB        AAAAAAAAAAA             ",
    "               B                            A             ",
    "               B                            A             ",
    "                                                          ",
    "               D                            C             ",
    "               D                            C             ",
    "               D                                          ",
    "               D                            E             ",
    "               DDDDDDDD             EEEEEEEEE             ",
    "                   FFFFFFFFF    GGGGGGGGG                 ",
    "                   F                    G                 ",
    "                                                          ",
    "             H          I               L                 ",
    "             H          I               L                 ",
    "                                                          ",
    "             J          K               M                 ",
    "             JJ           KK            M                 ",
    "                    N                   M                 ",
    "                    NNNNNNNNNNNNNN                        ",
};

/* CLOSED stands in two rows. */
static const struct {
    enum kedge_tcp_state state;
    unsigned row;
} places[] = {
    { KEDGE_TCP_CLOSED, 0 },      { KEDGE_TCP_SYN_SENT, 3 },
    { KEDGE_TCP_LISTEN, 3 },      { KEDGE_TCP_SYN_RECEIVED, 6 },
    { KEDGE_TCP_ESTABLISHED, 8 }, { KEDGE_TCP_FIN_WAIT_1, 11 },
    { KEDGE_TCP_CLOSE_WAIT, 11 }, { KEDGE_TCP_FIN_WAIT_2, 14 },
    { KEDGE_TCP_CLOSING, 14 },    { KEDGE_TCP_LAST_ACK, 14 },
    { KEDGE_TCP_TIME_WAIT, 16 },  { KEDGE_TCP_CLOSED, 18 },
};

/* How a state ended in the second CLOSED: by an edge that leads there, or by a RST. */
static bool is_marked(const struct way *w, unsigned place, bool *seen)
{
    enum kedge_tcp_state state = places[place].state;
    bool ended = w->taken[WAY_LAST_ACK] || w->taken[WAY_FORGOTTEN];

    if (state == KEDGE_TCP_CLOSED && places[place].row > 0) {
        for (unsigned s = 0; s < KEDGE_TCP_STATES; s++)
            ended |= w->reset[s];
        *seen = true;
        return ended;
    }
    *seen = w->seen[state];
    return w->seen[state] || w->passed[state];
}

/* The row as it stands, with the marks of its states around their names. */
static void mark(char row[WIDTH + 1], unsigned number, const struct way *w)
{
    memcpy(row, picture[number], WIDTH + 1);
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        const char *name = way_name(places[i].state);
        char *at;
        bool seen;

        if (places[i].row != number || !is_marked(w, i, &seen))
            continue;
        at = strstr(row, name);
        at[-1] = seen ? '[' : '(';
        at[strlen(name)] = seen ? ']' : ')';
    }
}

static void put_line(struct writer *w, char c, bool taken)
{
    static const char from[] = "-|1234<>v";
    static const char *const light[] = { "─", "│", "┌", "┐", "└", "┘", "◁", "▷", "▽" };
    static const char *const heavy[] = { "━", "┃", "┏", "┓", "┗", "┛", "◀", "▶", "▼" };
    const char *at = strchr(from, c);

    put(w, span_of((taken ? heavy : light)[at - from]));
}

static void put_row(struct writer *w, unsigned number, const struct way *way)
{
    char row[WIDTH + 1];

    mark(row, number, way);
    for (unsigned i = 0; i < WIDTH; i++) {
        char edge = owner[number][i];

        if (edge == ' ' || !strchr("-|1234<>v", row[i]))
            put_u8(w, (uint8_t)row[i]);
        else
            put_line(w, row[i], way->taken[edge - 'A']);
    }
}

static bool changed(const struct kedge_call *c)
{
    return c->before != c->after && c->after != KEDGE_TCP_UNKNOWN;
}

/* The next call that changed a state, beside the row. */
static size_t put_beside(struct writer *w, const struct kedge_call *calls, size_t at,
                         size_t count)
{
    while (at < count && !changed(&calls[at]))
        at++;
    if (at == count)
        return at;
    say(w, "%9.3f  %" PRIu32 "  %s: ", ms(calls[at].at), calls[at].socket,
        *calls[at].name ? calls[at].name : "(later)");
    tcp_text_states(w, &calls[at]);
    return at + 1;
}

void tcp_text_picture(struct writer *w, const struct way *way,
                      const struct kedge_call *calls, size_t count)
{
    size_t at = 0;

    put(w, span_of("\n"));
    for (unsigned i = 0; i < ROWS; i++) {
        put_row(w, i, way);
        at = put_beside(w, calls, at, count);
        while (w->len > 0 && w->ptr[w->len - 1] == ' ')
            w->len--;
        put_u8(w, '\n');
    }
    put(w, span_of("\n[seen] after a call, (passed) between two; heavy lines: the way"));
    for (unsigned s = 0; s < KEDGE_TCP_STATES; s++)
        if (way->reset[s])
            say(w, "; RST in %s", way_name((enum kedge_tcp_state)s));
    put(w, span_of("\n"));
}
