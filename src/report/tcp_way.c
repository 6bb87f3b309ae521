#include "report/tcp_way.h"

#include <string.h>

static const struct {
    enum kedge_tcp_state from, to;
} edges[WAY_EDGES] = {
    [WAY_LISTEN] = { KEDGE_TCP_CLOSED, KEDGE_TCP_LISTEN },
    [WAY_CONNECT] = { KEDGE_TCP_CLOSED, KEDGE_TCP_SYN_SENT },
    [WAY_ASKED] = { KEDGE_TCP_LISTEN, KEDGE_TCP_SYN_RECEIVED },
    [WAY_ANSWERED] = { KEDGE_TCP_SYN_SENT, KEDGE_TCP_ESTABLISHED },
    [WAY_ACCEPTED] = { KEDGE_TCP_SYN_RECEIVED, KEDGE_TCP_ESTABLISHED },
    [WAY_FINISH] = { KEDGE_TCP_ESTABLISHED, KEDGE_TCP_FIN_WAIT_1 },
    [WAY_FINISHED] = { KEDGE_TCP_ESTABLISHED, KEDGE_TCP_CLOSE_WAIT },
    [WAY_HALF] = { KEDGE_TCP_FIN_WAIT_1, KEDGE_TCP_FIN_WAIT_2 },
    [WAY_BOTH] = { KEDGE_TCP_FIN_WAIT_1, KEDGE_TCP_CLOSING },
    [WAY_WHOLE] = { KEDGE_TCP_FIN_WAIT_2, KEDGE_TCP_TIME_WAIT },
    [WAY_BOTH_ACK] = { KEDGE_TCP_CLOSING, KEDGE_TCP_TIME_WAIT },
    [WAY_LAST] = { KEDGE_TCP_CLOSE_WAIT, KEDGE_TCP_LAST_ACK },
    [WAY_LAST_ACK] = { KEDGE_TCP_LAST_ACK, KEDGE_TCP_CLOSED },
    [WAY_FORGOTTEN] = { KEDGE_TCP_TIME_WAIT, KEDGE_TCP_CLOSED },
};

const char *way_name(enum kedge_tcp_state state)
{
    static const char *const names[KEDGE_TCP_STATES] = {
        "-",          "ESTABLISHED", "SYN-SENT",  "SYN-RECEIVED",
        "FIN-WAIT-1", "FIN-WAIT-2",  "TIME-WAIT", "CLOSED",
        "CLOSE-WAIT", "LAST-ACK",    "LISTEN",    "CLOSING"
    };

    return names[state];
}

enum kedge_tcp_state way_end(enum way_edge edge)
{
    return edges[edge].to;
}

/* The shortest way, breadth first: into[s] is the edge by which s was reached. A connection
 * leaves CLOSED only at its beginning, so no way leads through it. */
static bool to_broadcast(enum kedge_tcp_state from, enum kedge_tcp_state to,
                         enum way_edge into[KEDGE_TCP_STATES])
{
    enum kedge_tcp_state queue[KEDGE_TCP_STATES] = { from };
    bool met[KEDGE_TCP_STATES] = { 0 };
    unsigned count = 1;

    met[from] = true;
    for (unsigned i = 0; i < count; i++)
        for (unsigned e = 0; e < WAY_EDGES; e++) {
            enum kedge_tcp_state next = edges[e].to;

            if (edges[e].from != queue[i] || met[next] ||
                (i > 0 && queue[i] == KEDGE_TCP_CLOSED))
                continue;
            met[next] = true;
            into[next] = (enum way_edge)e;
            queue[count++] = next;
        }
    return met[to];
}

/* Where the segments that were exchanged lead: a RST is none of the graph's. */
static enum kedge_tcp_state target(const struct kedge_call *c)
{
    if (c->reset && c->before == KEDGE_TCP_CLOSED)
        return KEDGE_TCP_SYN_SENT; /* refused */
    if (c->before == KEDGE_TCP_LISTEN && c->after == KEDGE_TCP_CLOSED)
        return c->before; /* closed, and no connection */
    return c->after == KEDGE_TCP_CLOSED && (c->reset || c->result < 0) ? c->before
                                                                       : c->after;
}

unsigned way_of(const struct kedge_call *c, enum way_edge out[WAY_LONGEST])
{
    enum way_edge into[KEDGE_TCP_STATES];
    enum kedge_tcp_state to = target(c);
    unsigned count = 0;

    if (c->before == to || c->before == KEDGE_TCP_UNKNOWN || to == KEDGE_TCP_UNKNOWN ||
        !to_broadcast(c->before, to, into))
        return 0;
    for (enum kedge_tcp_state s = to; s != c->before; s = edges[into[s]].from)
        count++;
    KEDGE_ASSERT(count <= WAY_LONGEST);
    for (unsigned i = count; i-- > 0; to = edges[into[to]].from)
        out[i] = into[to];
    return count;
}

void way_add(struct way *w, const struct kedge_call *c)
{
    enum way_edge took[WAY_LONGEST];
    unsigned count = way_of(c, took);

    for (unsigned i = 0; i < count; i++) {
        w->taken[took[i]] = true;
        w->passed[way_end(took[i])] = true;
    }
    if (c->reset)
        w->reset[count ? way_end(took[count - 1]) : c->before] = true;
    w->seen[c->after] = true;
}
