/* SPDX-License-Identifier: MIT */
/* The graph of TCP's states, and the shortest path between two of them. */
#include "trace/path.h"

#include <string.h>

static const struct {
    enum tcp_state from, to;
} edges[PATH_EDGES] = {
    [PATH_LISTEN] = { STATE_CLOSED, STATE_LISTEN },
    [PATH_CONNECT] = { STATE_CLOSED, STATE_SYN_SENT },
    [PATH_ASKED] = { STATE_LISTEN, STATE_SYN_RECEIVED },
    [PATH_ANSWERED] = { STATE_SYN_SENT, STATE_ESTABLISHED },
    [PATH_ACCEPTED] = { STATE_SYN_RECEIVED, STATE_ESTABLISHED },
    [PATH_FINISH] = { STATE_ESTABLISHED, STATE_FIN_WAIT_1 },
    [PATH_FINISHED] = { STATE_ESTABLISHED, STATE_CLOSE_WAIT },
    [PATH_HALF] = { STATE_FIN_WAIT_1, STATE_FIN_WAIT_2 },
    [PATH_BOTH] = { STATE_FIN_WAIT_1, STATE_CLOSING },
    [PATH_WHOLE] = { STATE_FIN_WAIT_2, STATE_TIME_WAIT },
    [PATH_BOTH_ACK] = { STATE_CLOSING, STATE_TIME_WAIT },
    [PATH_LAST] = { STATE_CLOSE_WAIT, STATE_LAST_ACK },
    [PATH_LAST_ACK] = { STATE_LAST_ACK, STATE_CLOSED },
    [PATH_FORGOTTEN] = { STATE_TIME_WAIT, STATE_CLOSED },
};

const char *path_name(enum tcp_state state)
{
    static const char *const names[STATE_COUNT] = {
        "-",          "ESTABLISHED", "SYN-SENT",  "SYN-RECEIVED",
        "FIN-WAIT-1", "FIN-WAIT-2",  "TIME-WAIT", "CLOSED",
        "CLOSE-WAIT", "LAST-ACK",    "LISTEN",    "CLOSING"
    };

    return names[state];
}

enum tcp_state path_end(enum path_edge edge)
{
    return edges[edge].to;
}

/* The shortest path, breadth first: into[s] is the edge by which s was reached. A connection
 * leaves CLOSED only at its beginning, so no path leads through it. */
static bool to_broadcast(enum tcp_state from, enum tcp_state to,
                         enum path_edge into[STATE_COUNT])
{
    enum tcp_state queue[STATE_COUNT] = { from };
    bool met[STATE_COUNT] = { 0 };
    unsigned count = 1;

    met[from] = true;
    for (unsigned i = 0; i < count; i++)
        for (unsigned e = 0; e < PATH_EDGES; e++) {
            enum tcp_state next = edges[e].to;

            if (edges[e].from != queue[i] || met[next] ||
                (i > 0 && queue[i] == STATE_CLOSED))
                continue;
            met[next] = true;
            into[next] = (enum path_edge)e;
            queue[count++] = next;
        }
    return met[to];
}

/* Where the segments that were exchanged lead: a RST is none of the graph's. */
static enum tcp_state target(const struct trace_call *c)
{
    if (c->reset && c->before == STATE_CLOSED)
        return STATE_SYN_SENT; /* refused */
    if (c->before == STATE_LISTEN && c->after == STATE_CLOSED)
        return c->before; /* closed, and no connection */
    return c->after == STATE_CLOSED && (c->reset || c->result < 0) ? c->before : c->after;
}

unsigned path_of(const struct trace_call *c, enum path_edge out[PATH_LONGEST])
{
    enum path_edge into[STATE_COUNT];
    enum tcp_state to = target(c);
    unsigned count = 0;

    if (c->before == to || c->before == STATE_UNKNOWN || to == STATE_UNKNOWN ||
        !to_broadcast(c->before, to, into))
        return 0;
    for (enum tcp_state s = to; s != c->before; s = edges[into[s]].from)
        count++;
    KEDGE_ASSERT(count <= PATH_LONGEST);
    for (unsigned i = count; i-- > 0; to = edges[into[to]].from)
        out[i] = into[to];
    return count;
}

void path_add(struct tcp_path *w, const struct trace_call *c)
{
    enum path_edge took[PATH_LONGEST];
    unsigned count = path_of(c, took);

    for (unsigned i = 0; i < count; i++) {
        w->taken[took[i]] = true;
        w->passed[path_end(took[i])] = true;
    }
    if (c->reset)
        w->reset[count ? path_end(took[count - 1]) : c->before] = true;
    w->seen[c->after] = true;
}
