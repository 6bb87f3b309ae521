/* SPDX-License-Identifier: MIT */
/* The kernel's own times of datagrams, on the wall clock (SO_TIMESTAMPING, in software):
 * when one was handed to the device, and when one came from it. For sockets that send a
 * datagram a call; each that left has a number, counted from 0 since stamps_open. And what
 * else comes with a datagram: its TTL, its traffic class, and the errors of those that did
 * not arrive.
 *
 * A TCP connection is stamped too, once it is open: the number is that of the last byte of
 * a call, and where bytes of several calls left together only the last call's is told.
 * What is received has the time of its last byte. */
#ifndef NET_TIMESTAMPS_H
#define NET_TIMESTAMPS_H

#include "net/udp.h"

#include <sys/types.h>

/* Ask for both. 0; or -errno where this kernel or kind of socket has none. Called again
 * it counts from 0 again: after a failed send it is unknown whether that one was counted. */
KEDGE_MUST_CHECK int stamps_open(int fd);

/* After stamps_open: stamp what is sent (as it does), or nothing but what asks for it
 * (timestamps_batch.h); the counting goes on. 0 or -errno. */
KEDGE_MUST_CHECK int stamps_departures(int fd, bool all);

/* Ask for the TTL and the traffic class of what comes, and for the errors of what was
 * sent. 0 or -errno. */
KEDGE_MUST_CHECK int stamps_ask_more(int fd, int family);

struct stamps_in {
    uint64_t at_ns;           /* when it came; 0: not known */
    int ttl, tos;             /* as received; -1: not known */
    struct net_address *from; /* NULL: do not tell who sent it */
};

/* recv(), and what is known of what came. from is set by the caller before. */
KEDGE_MUST_CHECK ssize_t stamps_receive(int fd, void *buffer, size_t size,
                                        struct stamps_in *in);

/* What is known of a datagram that was received, from what came with it. */
struct msghdr;
void stamps_read(struct msghdr *h, struct stamps_in *in);

/* What waits in the error queue of a socket. */
struct timestamp_events {
    void (*left)(void *owner, uint32_t number, uint64_t at_ns);
    /* quoted: what the error has of the datagram that failed; its start is its payload's
     * (an echo message's header on an ICMP socket), and it may be short. */
    void (*failed)(void *owner, const struct udp_error *e, struct kedge_span quoted);
    void *owner;
};

/* Take what is queued, at most UDP_BATCH of it, and tell each. */
void stamps_drain(int fd, const struct timestamp_events *told);

/* Of a TCP connection: how many segments came before one that was sent earlier, so that
 * their bytes waited in the kernel for it. 0 where the kernel does not tell. */
uint32_t stamps_overtook(int fd);

#endif
