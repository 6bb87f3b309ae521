/* SPDX-License-Identifier: MIT */
/* The parts of a round trip, by kernel timestamps: from this program to the device (send),
 * through the network and the peer (way), and from the device to this program (receive).
 * Where a kedge server reports how long it held the probe, the rest of the way is the wire.
 * A probe whose times are out of order, because the wall clock was set meanwhile, is left
 * out. No socket, no clock. */
#ifndef PROBE_KERNEL_TIMES_H
#define PROBE_KERNEL_TIMES_H

#include "report/histogram.h"

#define KERNEL_TIMES_ROOM_MAX 1024

struct kernel_times_slot {
    uint64_t sequence;
    uint64_t sent_ns; /* when this program sent it; 0: empty */
    uint64_t left_ns; /* when the device got it; 0: not known yet */
};

struct kernel_times {
    struct histogram send, way, receive, wire;
    uint32_t number;                  /* of the next that leaves */
    uint32_t room;                    /* probes remembered at once: a power of two */
    struct kernel_times_slot slots[]; /* by the number of the datagram */
};

/* room: a power of two, of which KERNEL_TIMES_ROOM_MAX are used at most. NULL: no memory. */
struct kernel_times *kernel_times_open(uint64_t room);
void kernel_times_close(struct kernel_times *s); /* or of NULL */

/* The next datagram left, with that probe. */
void kernel_times_sent(struct kernel_times *s, uint64_t sequence, uint64_t sent_ns);

/* The kernel counts from 0 anew: of what left before, nothing more will be told. */
void kernel_times_restart(struct kernel_times *s);

/* The device got the datagram of that number. */
void kernel_times_left(struct kernel_times *s, uint32_t number, uint64_t left_ns);

/* The same of a stream, whose probes are of `size` bytes each: the device got the byte of
 * that number, mod 2^32. Nothing where that is not the last byte of a probe, or was told
 * before (it is sent again after a loss). */
void kernel_times_left_byte(struct kernel_times *s, uint32_t byte, uint64_t size,
                            uint64_t left_ns);

/* When that probe was sent, and when the device got it. False if it is not known. */
KEDGE_MUST_CHECK bool kernel_times_departure(struct kernel_times *s, uint64_t sequence,
                                             uint64_t *sent_ns, uint64_t *left_ns);

struct kernel_times_reply {
    uint64_t sequence;
    uint64_t came_ns, now_ns;
    kedge_nanos held; /* by the server; 0: not known */
};

/* The first reply to a probe. */
void kernel_times_came(struct kernel_times *s, const struct kernel_times_reply *r);

#endif
