/* SPDX-License-Identifier: MIT */
/* What the services on UDP share: one socket on the loop, datagrams in and answers out in
 * batches, the guard before every answer. It decides nothing: udp.c and reply.c say what is
 * answered.
 *
 * An answer leaves from the address that was asked. While the socket takes no answers, no
 * more datagrams are read; the kernel drops what its queue cannot hold, and counts it. */
#ifndef SERVE_ECHO_DATAGRAMS_H
#define SERVE_ECHO_DATAGRAMS_H

#include "os/loop.h"
#include "net/udp.h"
#include "echo/loop_guard.h"
#include "serve/echo/shared.h"

/* Room for one, or for one train of them. No power of two: they would all lie in the same
 * few sets of the processor's cache. */
#define DATAGRAMS_EACH (65536 + 5 * 64)
#define DATAGRAMS_ROUNDS 4 /* batches received in one turn */

struct datagrams {
    struct loop *loop;
    struct loop_watch watch;
    struct udp_socket socket;
    struct guard guard;
    struct udp_inbox in;
    struct udp_outbox out;
    /* Called for each that came (a train with gro). It may change the bytes, and queue
     * them: they stay until the outbox is flushed. */
    void (*take)(struct datagrams *d, struct udp_in *in);
    uint64_t received, bytes;
    uint64_t marks[UDP_BATCH]; /* of the datagrams in the inbox; 0: a train */
};

/* Serve a bound UDP socket, which is the service's from then on. take is set by the
 * caller before. 0 or -errno, and then the socket is still the caller's. */
KEDGE_MUST_CHECK int datagrams_open(struct datagrams *d, struct loop *l, int fd,
                                    bool gro);
void datagrams_close(struct datagrams *d);

/* The bytes that name the sender, its port among them, written into memory. */
#define DATAGRAMS_PEER 22
struct kedge_span datagrams_peer(const struct net_raw *raw,
                                 uint8_t memory[DATAGRAMS_PEER]);

/* The guard's verdict on one datagram (a part of a train), which is counted. */
KEDGE_MUST_CHECK bool datagrams_may_answer(struct datagrams *d, const struct udp_in *in,
                                           struct kedge_span payload);

/* "N datagrams, N answered, N unanswered (N own port, ...), N lost ...". */
const char *datagrams_summary(const struct datagrams *d, char out[SERVE_SUMMARY]);

/* The guard's part of a summary, appended to what is in out. */
void guard_summary(const struct guard *g, char out[SERVE_SUMMARY]);

#endif
