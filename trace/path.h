/* SPDX-License-Identifier: MIT */
/* The states of TCP (RFC 9293, 3.3.2) as a graph, and which part of it some calls went
 * through. A call tells the state before and after it; what lies between is found here: a
 * connect() that returns ESTABLISHED has been in SYN-SENT. Pure; zeroed is empty. */
#ifndef TRACE_PATH_H
#define TRACE_PATH_H

#include "trace/call.h"

enum path_edge {
    PATH_LISTEN,    /* CLOSED, LISTEN */
    PATH_CONNECT,   /* CLOSED, SYN-SENT */
    PATH_ASKED,     /* LISTEN, SYN-RECEIVED */
    PATH_ANSWERED,  /* SYN-SENT, ESTABLISHED */
    PATH_ACCEPTED,  /* SYN-RECEIVED, ESTABLISHED */
    PATH_FINISH,    /* ESTABLISHED, FIN-WAIT-1 */
    PATH_FINISHED,  /* ESTABLISHED, CLOSE-WAIT */
    PATH_HALF,      /* FIN-WAIT-1, FIN-WAIT-2 */
    PATH_BOTH,      /* FIN-WAIT-1, CLOSING */
    PATH_WHOLE,     /* FIN-WAIT-2, TIME-WAIT */
    PATH_BOTH_ACK,  /* CLOSING, TIME-WAIT */
    PATH_LAST,      /* CLOSE-WAIT, LAST-ACK */
    PATH_LAST_ACK,  /* LAST-ACK, CLOSED */
    PATH_FORGOTTEN, /* TIME-WAIT, CLOSED */
    PATH_EDGES
};

#define PATH_LONGEST 8 /* edges between any two states */

struct tcp_path {
    bool seen[STATE_COUNT];   /* after a call */
    bool passed[STATE_COUNT]; /* between two calls */
    bool reset[STATE_COUNT];  /* left by a RST */
    bool taken[PATH_EDGES];
};

/* As RFC 9293 writes it; "-" for unknown. */
const char *path_name(enum tcp_state state);

/* Where an edge leads. */
enum tcp_state path_end(enum path_edge edge);

/* The edges that a call's socket took, in order: how many. None where it stayed, or where
 * no segment explains it (a reset after the first edge, a connection given up). */
unsigned path_of(const struct trace_call *c, enum path_edge out[PATH_LONGEST]);

void path_add(struct tcp_path *w, const struct trace_call *c);

#endif
