/* The states of TCP (RFC 9293, 3.3.2) as a graph, and which part of it some calls went
 * through. A call tells the state before and after it; what lies between is found here: a
 * connect() that returns ESTABLISHED has been in SYN-SENT. Pure; zeroed is empty. */
#ifndef REPORT_TCP_WAY_H
#define REPORT_TCP_WAY_H

#include "kedge/tcp.h"

enum way_edge {
    WAY_LISTEN,    /* CLOSED, LISTEN */
    WAY_CONNECT,   /* CLOSED, SYN-SENT */
    WAY_ASKED,     /* LISTEN, SYN-RECEIVED */
    WAY_ANSWERED,  /* SYN-SENT, ESTABLISHED */
    WAY_ACCEPTED,  /* SYN-RECEIVED, ESTABLISHED */
    WAY_FINISH,    /* ESTABLISHED, FIN-WAIT-1 */
    WAY_FINISHED,  /* ESTABLISHED, CLOSE-WAIT */
    WAY_HALF,      /* FIN-WAIT-1, FIN-WAIT-2 */
    WAY_BOTH,      /* FIN-WAIT-1, CLOSING */
    WAY_WHOLE,     /* FIN-WAIT-2, TIME-WAIT */
    WAY_BOTH_ACK,  /* CLOSING, TIME-WAIT */
    WAY_LAST,      /* CLOSE-WAIT, LAST-ACK */
    WAY_LAST_ACK,  /* LAST-ACK, CLOSED */
    WAY_FORGOTTEN, /* TIME-WAIT, CLOSED */
    WAY_EDGES
};

#define WAY_LONGEST 8 /* edges between any two states */

struct way {
    bool seen[KEDGE_TCP_STATES];   /* after a call */
    bool passed[KEDGE_TCP_STATES]; /* between two calls */
    bool reset[KEDGE_TCP_STATES];  /* left by a RST */
    bool taken[WAY_EDGES];
};

/* As RFC 9293 writes it; "-" for unknown. */
const char *way_name(enum kedge_tcp_state state);

/* Where an edge leads. */
enum kedge_tcp_state way_end(enum way_edge edge);

/* The edges that a call's socket took, in order: how many. None where it stayed, or where
 * no segment explains it (a reset after the first edge, a connection given up). */
unsigned way_of(const struct kedge_call *c, enum way_edge out[WAY_LONGEST]);

void way_add(struct way *w, const struct kedge_call *c);

#endif
