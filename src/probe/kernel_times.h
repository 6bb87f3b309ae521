/* A round trip in parts, by the kernel's clock: from this program to the device (send), on
 * the way there, in the peer and back (way), and from the device to this program (receive).
 * Where a kedge server told how long it had the probe, what is left of the way without that
 * (wire). A probe whose times do not follow one another, as the wall clock was set
 * meanwhile, is left out. No socket, no clock. */
#ifndef PROBE_KERNEL_TIMES_H
#define PROBE_KERNEL_TIMES_H

#include "report/histogram.h"

#define SPLIT_ROOM_MAX 1024

struct split_slot {
    uint64_t sequence;
    uint64_t sent_ns; /* when this program sent it; 0: empty */
    uint64_t left_ns; /* when the device got it; 0: not known yet */
};

struct split {
    struct histogram send, way, receive, wire;
    uint32_t number;           /* of the next that leaves */
    uint32_t room;             /* probes remembered at once: a power of two */
    struct split_slot slots[]; /* by the number of the datagram */
};

/* room: a power of two, of which SPLIT_ROOM_MAX are used at most. NULL: no memory. */
struct split *split_open(uint64_t room);
void split_close(struct split *s); /* or of NULL */

/* The next datagram left, with that probe. */
void split_sent(struct split *s, uint64_t sequence, uint64_t sent_ns);

/* The kernel counts from 0 anew: of what left before, nothing more will be told. */
void split_restart(struct split *s);

/* The device got the datagram of that number. */
void split_left(struct split *s, uint32_t number, uint64_t left_ns);

/* The same of a stream, whose probes are of `size` bytes each: the device got the byte of
 * that number, mod 2^32. Nothing where that is not the last byte of a probe, or was told
 * before (it is sent again after a loss). */
void split_left_byte(struct split *s, uint32_t byte, uint64_t size, uint64_t left_ns);

/* When that probe was sent, and when the device got it. False if it is not known. */
KEDGE_MUST_CHECK bool split_departure(struct split *s, uint64_t sequence,
                                      uint64_t *sent_ns, uint64_t *left_ns);

struct split_reply {
    uint64_t sequence;
    uint64_t came_ns, now_ns;
    kedge_nanos held; /* by the server; 0: not known */
};

/* The first reply to a probe. */
void split_came(struct split *s, const struct split_reply *r);

#endif
