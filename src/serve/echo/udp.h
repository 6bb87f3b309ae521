/* SPDX-License-Identifier: MIT */
/* Echo over UDP (RFC 862): a datagram goes back as it came, unless the guard knows that
 * it would be answered again. A plain echo for plain clients. A probe that asks for it by
 * its extension (echo/probe_extension.h), from a validated address, has a report written
 * over its extension: when it came and went, how many of its run came,
 * what this socket dropped and the guard refused. No answer is larger than its probe, but
 * for a report that such a one asks for in another size, to find what the way back
 * carries. What the kernel joined on the way in leaves joined. */
#ifndef SERVE_ECHO_UDP_H
#define SERVE_ECHO_UDP_H

#include "echo/runs.h"
#include "serve/echo/datagrams.h"
#include "file/key.h"

struct echo_udp {
    struct datagrams d; /* its counters, guard.counts, in.drops, out.lost may be read */
    struct runs runs;
    const struct store_key *key; /* NULL: who asks needs none */
    uint64_t unsealed;           /* probes that asked without it, or with a wrong MAC */
    bool stamps; /* the kernel was asked for them: from the first probe that asks on */
};

/* Serve a bound UDP socket (of kedge_listen), which is the service's from then on. 0 or
 * -errno, and then the socket is still the caller's. Its own port is known to its guard;
 * tell it (guard_own_port on d.guard) the other ports that this program listens on. key
 * stays the caller's; with one, a probe without its MAC has a plain echo. */
KEDGE_MUST_CHECK int echo_udp_open(struct echo_udp *e, struct loop *l, int fd,
                                   const struct store_key *key);

/* Nothing is ever open between two turns: closing is stopping. */
void echo_udp_close(struct echo_udp *e);

/* What it did, as one line; returns out. */
const char *echo_udp_summary(const struct echo_udp *e, char out[SERVE_SUMMARY]);

#endif
