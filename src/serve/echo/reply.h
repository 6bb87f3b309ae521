/* SPDX-License-Identifier: MIT */
/* A service of messages over UDP: whatever a client says, the answer is one fixed text,
 * as in the first exercise of every course on sockets. It never answers its own text (nor
 * what the guard refuses), so two of them do not talk for ever. */
#ifndef SERVE_ECHO_REPLY_H
#define SERVE_ECHO_REPLY_H

#include "serve/echo/datagrams.h"

#define REPLY_TEXT "Hello UDP Client"

struct reply {
    struct datagrams d; /* its counters, guard.counts, in.drops, out.lost may be read */
    struct kedge_span text;
};

/* Serve a bound UDP socket, which is the service's from then on, with a text that stays
 * the caller's. 0 or -errno, and then the socket is still the caller's. Tell its guard
 * (guard_own_port on d.guard) the other ports that this program listens on. */
KEDGE_MUST_CHECK int reply_open(struct reply *r, struct loop *l, int fd,
                                const char *text);

/* Nothing is ever open between two turns: closing is stopping. */
void reply_close(struct reply *r);

/* What it did, as one line; returns out. */
const char *reply_summary(const struct reply *r, char out[SERVE_SUMMARY]);

#endif
