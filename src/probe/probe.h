/* SPDX-License-Identifier: MIT */
/* Echo probes to many targets of any kind, side by side on one schedule (an open loop:
 * schedule.h), and what became of them, target by target (stats.h). Its results are data;
 * it shows nothing and has no sentences: results/ has both. */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include "probe/cause.h"
#include "probe/stats.h"
#include "probe/one_way_delay.h"
#include "probe/payload.h"
#include "probe/server_report.h"
#include "probe/kernel_times.h"
#include "probe/stall.h"
#include "kedge/endpoint.h"
#include "net/path.h"

#define PROBE_TARGETS_MAX 4096

struct probe; /* owns its sockets, its loop and its memory */

struct probe_plan {
    uint64_t count;              /* for each target; 0: until a signal or probe_stop */
    kedge_nanos duration;        /* so long probes leave; KEDGE_NEVER: as count says */
    kedge_nanos interval;        /* at least 1 */
    kedge_nanos timeout;         /* at least 1 */
    uint64_t size;               /* of the payload; at most PAYLOAD_MAX */
    bool poisson;                /* random gaps, with the interval as their mean */
    const struct store_key *key; /* of marks; NULL: none. Stays the caller's. */
    bool flood;                  /* as fast as answers come: see flood.h */
    struct net_path path;        /* of IP targets */
    enum kedge_family family;
    /* Called some times a second while it runs; may be NULL. */
    void (*tick)(void *owner, const struct probe *p);
    /* Called when it is known what became of a probe, in that order; may be NULL. */
    void (*settled)(void *owner, uint32_t target, const struct probe_stats_event *event);
    /* Called when a target's probe fails for another reason than the one before, with the
     * errno and who says so (len 0: this host, or not known); may be NULL. */
    void (*trouble)(void *owner, const struct kedge_endpoint *target, int code,
                    const struct net_address *by);
    void *owner;
};

/* The replies that came back altered: each is one or two of these. */
struct probe_corruption {
    uint64_t changed, truncated, padded;
    struct payload_fault first;
};

/* What packets carry, of the last of each; -1: not known. */
struct probe_marks {
    int ttl_sent, tos_sent;
    int ttl_back, tos_back; /* of the reply, as it came here */
};

struct warmup; /* probe/warmup.h */

/* What is known of one target; borrowed from the probe. */
struct probe_view {
    uint32_t number; /* in the order they were added */
    const void
        *record; /* results/: what a run that is read again has; NULL: it runs here */
    const struct kedge_endpoint *endpoint;
    const struct probe_stats *stats;
    const struct stalls *stalls; /* NULL: not known, and so is the next */
    const struct own_lateness *lateness;
    const struct peer *peer; /* NULL where it was read again from a file ... */
    const struct kernel_times *kernel_times;   /* NULL: all times are by this program's
                                                clock, ... */
    struct probe_cause no_kernel_times;        /* ... and why */
    const struct probe_corruption *corruption; /* ... and so these */
    const struct probe_marks *marks;
    const struct warmup *warmup;
    const struct one_way_delay *one_way;
    struct net_address local;   /* of a udp socket; len 0: not known */
    struct net_address address; /* who is asked; len 0: not known, or none of IP */
    unsigned unanswered;        /* addresses of its name that did not answer beforehand */
    kedge_nanos started;        /* when the first probe was due, on the clock of stalls */
    int64_t own_dropped; /* replies that our own socket's queue dropped; -1: not known */
    uint64_t late_here;  /* late replies, but for what their probes waited here */
    uint64_t foreign_bytes; /* streams: of a service that is no echo */
    uint64_t connects, failed_connects;
    kedge_nanos connect_min, connect_max;
    struct probe_cause cause;            /* why its last probe failed */
    const struct probe_refusal *refusal; /* why it is not probed; NULL: it is */
    struct net_address reported_by;      /* who said so; len 0: this host, or not known */
};

/* 0 or -errno. */
KEDGE_MUST_CHECK int probe_open(struct probe **out, const struct probe_plan *plan);
void probe_close(struct probe *p);

/* Add a target: resolves its name, which may take a while, and opens its socket. False
 * with *why set; the others are not touched. One that the system or the network refuses
 * (CAUSE_ERROR) stays among the targets with that refusal, and nothing is sent to it. */
KEDGE_MUST_CHECK bool probe_add(struct probe *p, const struct kedge_endpoint *e,
                                struct probe_refusal *why);

/* At least one target can be probed. Connect what has to be connected, then send and receive until all is known, until
 * probe_stop(), or until one of loop_signals_stop(). 0; or -errno when this system fails, with what was counted
 * so far. */
KEDGE_MUST_CHECK int probe_run(struct probe *p);

/* From a callback of the plan: probe_run() ends after this turn, with what was counted so
 * far. */
void probe_stop(struct probe *p);

uint32_t probe_targets(const struct probe *p);
uint32_t probe_live_targets(const struct probe *p); /* those that can be probed */
struct probe_view probe_target_view(const struct probe *p, uint32_t target);
const struct probe_plan *probe_plan_of(const struct probe *p);

/* Of this host, measured by probe_open. */
struct calibration; /* probe/calibrate.h */
const struct calibration *probe_calibration_of(const struct probe *p);

#endif
