/* SPDX-License-Identifier: MIT */
/* badlink, a link emulator in userspace: it joins two network namespaces by a pair of TUN
 * devices and carries the packets between them with delay, jitter, loss, duplication,
 * reordering, corruption, a rate limit with a bounded queue, and an MTU, each direction on
 * its own. For kernels without netem; Linux only, needs root. ../README.md has the model.
 *
 * One thread. A packet's whole fate is decided when it is read: the random draws are a
 * pure function of (seed, direction, impairment, packet number), and the rate limiter is
 * a virtual clock, so all that is kept is one heap a direction, ordered by delivery. */
#ifndef BADLINK_H
#define BADLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BATCH 16                      /* packets a direction between two polls */
#define HOLD_MAX ((int64_t)256 << 20) /* bytes held in flight, a direction */
#define TXQLEN 2000                   /* packets in the ring of a TUN device */
#define PACKET_MAX 65536
#define FOREVER INT64_MAX
#define HISTOGRAM (64 * 8) /* 8 buckets an octave */

enum corrupt_mode { CORRUPT_RAW, CORRUPT_PAYLOAD, CORRUPT_FIXED };

/* What can be set for a direction. Times in ns; a flag is 0 or 1. */
struct params {
    int64_t delay, jitter, reorder_by;
    int64_t normal;         /* jitter's law */
    int64_t jitter_reorder; /* jitter may let packets overtake */
    double loss, dup, reorder, corrupt;
    double burst[4]; /* Gilbert-Elliott: to bad, to good, loss bad, loss good */
    int64_t corrupt_mode, corrupt_bits;
    double rate;                   /* bit/s; 0: unlimited */
    int64_t queue_ns, queue_bytes; /* bytes wins if set */
    int64_t overhead;              /* bytes a packet, for the rate */
    int64_t mtu, drop_over;
};

struct stats {
    uint64_t in_packets, in_bytes, out_packets, out_bytes;
    uint64_t lost_random, lost_burst, dropped_queue, dropped_size, dropped_hold;
    uint64_t duplicated, reordered, corrupted, housekeeping, write_errors;
    int64_t backlog_max; /* longest wait for the rate limiter, ns */
    int64_t late_max;    /* delivery after its due time, ns */
    double late_sum;
    uint64_t late_histogram[HISTOGRAM];
};

struct packet {
    uint32_t len;
    uint8_t data[];
};

struct held {
    int64_t due;
    uint64_t order;
    struct packet *packet;
};

/* One end: a namespace with its device. */
struct side {
    const char *ns, *addr, *addr6;
    bool created; /* the namespace, by us: we remove it */
    int ns_fd, tun, device_stat;
};

/* One direction. */
struct link {
    const char *name;
    unsigned number; /* 0: a to b */
    uint64_t seed;
    struct side *from, *to;
    struct params params;
    struct stats stats;
    struct held *heap;
    size_t count, room;
    uint64_t order;
    int64_t held_bytes;
    int64_t free_at;  /* when the rate limiter has sent all before */
    int64_t last_due; /* without reordering, none is due sooner */
    bool bad;         /* the Gilbert-Elliott state */
};

struct badlink {
    struct side sides[2];
    struct link links[2];
    uint64_t seed;
    int64_t duration, spin, ready_fd;
    bool die_with_parent, kill_on_exit, realtime;
    const char *device, *stats_path, *trace_path;
    FILE *trace;
    int64_t started;
};

__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

int64_t clock_ns(void);

#endif
