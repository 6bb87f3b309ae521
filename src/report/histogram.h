/* SPDX-License-Identifier: MIT */
/* A histogram of durations in the log-linear shape of HdrHistogram: below 512 ns each
 * value has its own bucket, above that each power of two is cut into 256 equal parts. So
 * a percentile is within 1/256 (0.4 %) of a true sample; count, min and max are exact.
 * Values over 2^42 ns (73 minutes) share the last bucket. No floating point.
 *
 * Memory is taken as values differ: 8 bytes for each bucket that has something, until they
 * are HISTOGRAM_FEW; then 35 KiB for all of them. Zeroed memory is an empty one, and
 * whoever records into it calls histogram_free in the end. */
#ifndef REPORT_HISTOGRAM_H
#define REPORT_HISTOGRAM_H

#include "kedge/base.h"

#define HISTOGRAM_BUCKETS (512 + (42 - 9) * 256)
#define HISTOGRAM_FEW 256

struct histogram_cell {
    uint32_t bucket;
    uint32_t count; /* at least 1; stops at 2^32 - 1 */
};

struct histogram {
    uint64_t count;
    uint64_t min; /* of no meaning while count is 0, as is max */
    uint64_t max;
    uint64_t sum;                 /* stops at UINT64_MAX */
    uint64_t dropped;             /* samples for which there was no memory */
    struct histogram_cell *cells; /* by bucket; NULL once all have a place */
    uint32_t used, room;          /* of cells */
    uint32_t *buckets;            /* all; NULL while cells are few */
};

/* Where memory is wanted and there is none the sample is in left_out, and in nothing
 * else. */
void histogram_record(struct histogram *h, kedge_nanos value);

/* Add all samples of b to a, but for those that find no memory; what b left out a leaves
 * out too. */
void histogram_merge(struct histogram *a, const struct histogram *b);

/* It is empty then. */
void histogram_free(struct histogram *h);

/* Percentiles in thousandths: 50000 is the median, 99900 is p99.9. The value that at least
 * that share of the samples does not exceed. False when there are too few samples for it
 * to say more than the maximum does: histogram_needed(which) is how many it takes. */
KEDGE_MUST_CHECK bool histogram_percentile(const struct histogram *h, uint32_t which,
                                           kedge_nanos *out);
uint64_t histogram_needed(uint32_t which);

/* Between which two values the sample of that rank lies: 1 is the smallest, and rank is
 * at most count. */
void histogram_at(const struct histogram *h, uint64_t rank, kedge_nanos *low,
                  kedge_nanos *high);

/* Where a value is counted; and how many samples the buckets [from, to) have. */
uint32_t histogram_place(kedge_nanos value);
uint64_t histogram_count(const struct histogram *h, uint32_t from, uint32_t to);

/* The smallest and the largest value that share the bucket, and how many samples it has;
 * bucket < HISTOGRAM_BUCKETS. The last one ends at UINT64_MAX. */
uint32_t histogram_bucket(const struct histogram *h, uint32_t bucket, kedge_nanos *low,
                          kedge_nanos *high);

#endif
