/* SPDX-License-Identifier: MIT */
/* The rows of a running probe on a terminal: a row a target, with its last moments, what
 * was lost by what is known of the cause, and the percentiles of the last one to two
 * thousand replies, drawn over and over in place, at most five times a second. Rows that
 * find no place on the screen are counted in the last one. */
#ifndef RESULTS_LIVE_H
#define RESULTS_LIVE_H

#include "probe/probe.h"
#include "report/spark.h"

#define LIVE_REPLIES 1000

struct live_target {
    struct spark spark;
    struct histogram now, before; /* `now` takes the place of `before` when it is full */
};

struct live {
    int fd; /* the terminal */
    bool unicode;
    struct live_target *targets; /* NULL: not open */
    uint32_t count;
    uint32_t drawn; /* rows on the screen now */
    size_t names;   /* columns of the longest name, as far as it is shown */
    kedge_nanos next, origin;
};

/* False: no memory, and nothing is drawn. origin: clock_now() at the start. */
KEDGE_MUST_CHECK bool live_open(struct live *l, int fd, const struct probe *p,
                                kedge_nanos origin);

/* What became of a probe. */
void live_count(struct live *l, uint32_t target, const struct probe_stats_event *event);

/* Draw, if it is time. */
void live_draw(struct live *l, const struct probe *p, kedge_nanos now);

/* Take the rows away. */
void live_close(struct live *l);

/* What a row's percentiles are of; the caller's, to be freed. */
struct histogram live_last(const struct live_target *t);

#endif
