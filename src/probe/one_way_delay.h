/* The two ways of a round trip apart, by the stamps of both kernels. Two clocks that nobody
 * has set by each other do not tell how long a way is; they tell by how much it changes. A
 * clock that runs faster than the other shows in both ways, with opposite signs; so the sum
 * of both trends is that of the path, and half their difference that of the clocks (or of
 * the path, where only one way of it changes: that is not known). Pure. */
#ifndef PROBE_ONE_WAY_DELAY_H
#define PROBE_ONE_WAY_DELAY_H

#include "kedge/base.h"

#define ONEWAY_NEEDED 100     /* trips ... */
#define ONEWAY_SPAN KEDGE_SEC /* ... over so long, for a trend */
#define ONEWAY_STEP                                                                      \
    (KEDGE_SEC / 2) /* more is a clock that was set: counting begins anew */

/* One way's: sums of a least-squares line through the samples. */
struct oneway_line {
    int64_t first, low, high, last; /* one clock's time from the other's */
    double t, d, tt, td;
};

struct oneway {
    uint64_t n;
    uint64_t begin, end; /* of the trips, when they left */
    struct oneway_line going, coming;
};

struct oneway_trip {
    uint64_t left_ns, there_ns, away_ns, came_ns; /* by here, there, there, here */
};

/* A probe that was answered; zeroed memory is a start. */
void oneway_took(struct oneway *o, const struct oneway_trip *t);

struct oneway_trend {
    uint64_t range;   /* ns between the fastest and the slowest */
    int64_t trend_ns; /* a second */
};

/* False with too few samples, or over too short a time. */
KEDGE_MUST_CHECK bool oneway_trends(const struct oneway *o, struct oneway_trend *going,
                                    struct oneway_trend *coming);

#endif
