/* SPDX-License-Identifier: MIT */
/* The diagram, drawn in characters of boxes. */
#include "trace/picture.h"

#include "trace/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 58 /* columns of the picture */
#define ROWS 19

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
    enum tcp_state state;
    unsigned row;
} places[] = {
    { STATE_CLOSED, 0 },       { STATE_SYN_SENT, 3 },    { STATE_LISTEN, 3 },
    { STATE_SYN_RECEIVED, 6 }, { STATE_ESTABLISHED, 8 }, { STATE_FIN_WAIT_1, 11 },
    { STATE_CLOSE_WAIT, 11 },  { STATE_FIN_WAIT_2, 14 }, { STATE_CLOSING, 14 },
    { STATE_LAST_ACK, 14 },    { STATE_TIME_WAIT, 16 },  { STATE_CLOSED, 18 },
};

/* How a state ended in the second CLOSED: by an edge that leads there, or by a RST. */
static bool is_marked(const struct tcp_path *w, unsigned place, bool *seen)
{
    enum tcp_state state = places[place].state;
    bool ended = w->taken[PATH_LAST_ACK] || w->taken[PATH_FORGOTTEN];

    if (state == STATE_CLOSED && places[place].row > 0) {
        for (unsigned s = 0; s < STATE_COUNT; s++)
            ended |= w->reset[s];
        *seen = true;
        return ended;
    }
    *seen = w->seen[state];
    return w->seen[state] || w->passed[state];
}

/* The row as it stands, with the marks of its states around their names. */
static void mark(char row[WIDTH + 1], unsigned number, const struct tcp_path *w)
{
    memcpy(row, picture[number], WIDTH + 1);
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        const char *name = path_name(places[i].state);
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

static void put_row(struct writer *w, unsigned number, const struct tcp_path *path)
{
    char row[WIDTH + 1];

    mark(row, number, path);
    for (unsigned i = 0; i < WIDTH; i++) {
        char edge = owner[number][i];

        if (edge == ' ' || !strchr("-|1234<>v", row[i]))
            put_u8(w, (uint8_t)row[i]);
        else
            put_line(w, row[i], path->taken[edge - 'A']);
    }
}

static bool changed(const struct trace_call *c)
{
    return c->before != c->after && c->after != STATE_UNKNOWN;
}

/* The next call that changed a state, beside the row. */
static size_t put_beside(struct writer *w, const struct trace_call *calls, size_t at,
                         size_t count)
{
    while (at < count && !changed(&calls[at]))
        at++;
    if (at == count)
        return at;
    line_add(w, "%9.3f %2" PRIu32 " %s: ", line_ms(calls[at].at), calls[at].socket,
             *calls[at].name ? calls[at].name : "(later)");
    line_states(w, &calls[at]);
    return at + 1;
}

void picture_text(struct writer *w, const struct tcp_path *path,
                  const struct trace_call *calls, size_t count)
{
    size_t at = 0;

    put(w, span_of("\n"));
    for (unsigned i = 0; i < ROWS; i++) {
        put_row(w, i, path);
        at = put_beside(w, calls, at, count);
        while (w->len > 0 && w->ptr[w->len - 1] == ' ')
            w->len--;
        put_u8(w, '\n');
    }
    put(w,
        span_of(
            "\n[seen] after a call, (passed) between two; heavy lines: the path taken"));
    for (unsigned s = 0; s < STATE_COUNT; s++)
        if (path->reset[s])
            line_add(w, "; RST in %s", path_name((enum tcp_state)s));
    put(w, span_of("\n"));
}
