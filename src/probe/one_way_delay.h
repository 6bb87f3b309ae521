/* SPDX-License-Identifier: MIT */
/* One-way delay variation of both directions, from the timestamps of both kernels. Two
 * clocks that are not synchronised do not show how long one direction takes; they show by
 * how much it changes. A clock that runs faster than the other shows in both directions,
 * with opposite signs: the sum of both trends is that of the path, half their difference
 * that of the clocks (or of the path, if only one direction changes: these two cannot be
 * told apart). Pure. */
#ifndef PROBE_ONE_WAY_DELAY_H
#define PROBE_ONE_WAY_DELAY_H

#include "kedge/base.h"

#define ONE_WAY_NEEDED 100     /* trips ... */
#define ONE_WAY_SPAN KEDGE_SEC /* ... over so long, for a trend */
#define ONE_WAY_STEP                                                                     \
    (KEDGE_SEC / 2) /* more is a clock that was set: counting begins anew */

/* One way's: sums of a least-squares line through the samples. */
struct oneway_line {
    int64_t first, low, high, last; /* one clock's time from the other's */
    double t, d, tt, td;
};

struct one_way_delay {
    uint64_t n;
    uint64_t begin, end; /* of the trips, when they left */
    struct oneway_line going, coming;
};

struct one_way_trip {
    uint64_t left_ns, there_ns, away_ns, came_ns; /* by here, there, there, here */
};

/* A probe that was answered; zeroed memory is a start. */
void one_way_took(struct one_way_delay *o, const struct one_way_trip *t);

struct one_way_trend {
    uint64_t range;   /* ns between the fastest and the slowest */
    int64_t trend_ns; /* a second */
};

/* False with too few samples, or over too short a time. */
KEDGE_MUST_CHECK bool one_way_trends(const struct one_way_delay *o,
                                     struct one_way_trend *going,
                                     struct one_way_trend *coming);

#endif
