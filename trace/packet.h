/* SPDX-License-Identifier: MIT */
/* A datagram of a TFTP exchange in words: "DATA 3, 512 bytes". Whether it belongs to one is
 * known by the request that began it, and by its sockets and peers from there on. */
#ifndef TRACE_PACKET_H
#define TRACE_PACKET_H

#include "base/bytes.h"
#include "trace/memory.h"

#define PACKET_HEAD 600 /* bytes of a datagram that are looked at */

struct packet_seen {
    struct kedge_span head;     /* its first bytes, at most PACKET_HEAD */
    size_t size;                /* all of it */
    struct kedge_address other; /* where it came from or goes to; len 0: not known */
};

/* True where it is of an exchange: its words are appended, all printable. */
KEDGE_MUST_CHECK bool packet_words(struct trace_memory *m, struct trace_socket *s,
                                   const struct packet_seen *p, struct writer *w);

#endif
