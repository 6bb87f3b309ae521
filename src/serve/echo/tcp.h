/* SPDX-License-Identifier: MIT */
/* Echo over connections: what a client sends comes back, in order, and when it has
 * finished, so do we (RFC 862). For tcp, unix and unix-seqpacket listeners, many
 * connections in one loop.
 *
 * Memory is bounded by back-pressure: while a client does not read what it was sent,
 * nothing more is read from it, and what the kernel would not take of its last part is
 * kept. A part is at most ECHO_PART; for a connection that moves much it is ECHO_BUFFER, as
 * long as all that is kept leaves room for it in ECHO_KEPT. Where it does not, the bytes of
 * such a connection stay in the kernel's queue until they are sent. */
#ifndef SERVE_ECHO_TCP_H
#define SERVE_ECHO_TCP_H

#include "os/loop.h"
#include "net/connection.h"
#include "serve/echo/shared.h"

#define ECHO_PART (16 << 10)          /* read at once from one that sends little */
#define ECHO_KEPT (1 << 20)           /* of all connections, before large parts end */
#define ECHO_ACCEPTS 64               /* connections accepted in one turn */
#define ECHO_PAUSE (100 * KEDGE_MSEC) /* in accepting, when descriptors run out */
#define ECHO_QUIET (50 * KEDGE_MSEC)  /* before a stopped service ends a connection */

struct echo_tcp_limits {
    uint32_t connections; /* at once; more wait in the kernel's queue */
    kedge_nanos idle;     /* without a byte moved; KEDGE_NEVER: no limit */
    int descriptors; /* of this number or above one is taken: others need some; 0: no limit */
};

struct echo_tcp_counts {
    uint64_t accepted, finished, reset, idle, bytes;
    uint64_t pauses; /* in accepting, because descriptors or memory ran out */
};

struct echo_connection;

struct echo_tcp {
    struct loop *loop;
    struct echo_tcp_limits limits;
    struct connection_kind kind;
    struct echo_tcp_counts counts;
    uint8_t *buffer;
    struct echo_connection *all; /* limits.connections of them */
    struct echo_connection *free;
    struct echo_connection *oldest, *newest; /* by their last byte */
    uint32_t open;
    uint32_t beyond;     /* whose descriptor is one of the others': one at most */
    size_t kept;         /* bytes that their clients did not take yet */
    kedge_nanos stopped; /* when it was told to; 0: it goes on */
    struct loop_watch listener;
    struct loop_timer accept_again, idle_check;
};

/* Serve a listening socket, which is the service's from then on (kedge_unlisten at
 * stop). buffer holds ECHO_BUFFER bytes and may be shared by all services of one loop. 0
 * or -errno, and then the socket is still the caller's. */
KEDGE_MUST_CHECK int echo_tcp_open(struct echo_tcp *e, struct loop *l, int listener,
                                   const struct echo_tcp_limits *limits, uint8_t *buffer);

/* Accept no more, and finish each connection that has nothing left to send and is quiet.
 * Some may take as long as their client: see e->open, and close when it is 0 or when time
 * is up. */
void echo_tcp_stop(struct echo_tcp *e);

/* End all that is left, and free its memory. */
void echo_tcp_close(struct echo_tcp *e);

/* What it did, as one line; returns out. */
const char *echo_tcp_summary(const struct echo_tcp *e, char out[SERVE_SUMMARY]);

#endif
