/* SPDX-License-Identifier: MIT */
/* Echo over unix datagrams (unix-dgram): as udp.h, where the peer is a path or an
 * abstract name. A sender without a name cannot be answered, and is counted.
 *
 * The kernel charges an answer to our socket until its client reads it, and one socket
 * answers all: a client that never reads takes room from the others, until it closes.
 * ECHO_LOCAL_UNREAD is that room. What does not fit is lost, and counted. */
#ifndef SERVE_ECHO_LOCAL_H
#define SERVE_ECHO_LOCAL_H

#include "kedge/datagram.h"
#include "os/loop.h"
#include "echo/loop_guard.h"
#include "serve/echo/shared.h"

#define ECHO_LOCAL_ROUNDS 64        /* datagrams in one turn */
#define ECHO_LOCAL_UNREAD (4 << 20) /* bytes of answers that wait for their clients */

struct echo_local {
    struct loop *loop;
    struct loop_watch watch;
    struct guard guard;
    uint8_t *buffer;
    uint64_t received, bytes, answered;
    uint64_t nameless; /* sent from a socket without a name */
    uint64_t lost;     /* the peer was gone, or its queue full */
};

/* Serve a bound socket, which is the service's from then on (kedge_unlisten at close).
 * buffer holds ECHO_BUFFER bytes and may be shared by all services of one loop. 0 or
 * -errno, and then the socket is still the caller's. */
KEDGE_MUST_CHECK int echo_local_open(struct echo_local *e, struct loop *l, int fd,
                                     uint8_t *buffer);

/* Nothing is ever open between two turns: closing is stopping. */
void echo_local_close(struct echo_local *e);

/* What it did, as one line; returns out. */
const char *echo_local_summary(const struct echo_local *e, char out[SERVE_SUMMARY]);

#endif
