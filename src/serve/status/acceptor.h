/* SPDX-License-Identifier: MIT */
/* Listening sockets that let a bounded number of clients in: one that comes when that many are
 * open is closed, so that none waits in a queue for a turn that does not come. Accepting takes a
 * bounded part of the loop's time, however often clients come; what they are given then is the
 * owner's to bound. It does not speak with them. */
#ifndef SERVE_STATUS_ACCEPTOR_H
#define SERVE_STATUS_ACCEPTOR_H

#include "os/loop.h"

enum {
    ACCEPTOR_SOCKETS = 4,
    ACCEPTOR_AT_ONCE = 8, /* clients that are looked at within one span: then it rests */
};
#define ACCEPTOR_SPAN (10 * KEDGE_MSEC)

struct status_acceptor {
    struct loop *loop;
    uint32_t most; /* clients at once */
    uint32_t open; /* now, as the owner counts them */
    uint64_t refused;
    void (*take)(void *owner, int fd); /* a non-blocking one, the owner's from then on */
    void *owner;
    unsigned sockets;
    struct loop_watch listeners[ACCEPTOR_SOCKETS];
    struct loop_timer again; /* it rests until then */
    kedge_nanos since;       /* the span began */
    unsigned looked_at;      /* in it */
};

/* loop, most, take and owner are set before. 0 or -errno. */
KEDGE_MUST_CHECK int acceptor_open(struct status_acceptor *a);

/* Listen there too: a socket of kedge_listen_at(), the acceptor's from then on. 0 or -errno
 * (ENOSPC: it has ACCEPTOR_SOCKETS), and then the socket is still the caller's. */
KEDGE_MUST_CHECK int acceptor_add(struct status_acceptor *a, int fd);

/* Listen no more; a path is removed. Who is in stays the owner's. */
void acceptor_close(struct status_acceptor *a);

#endif
