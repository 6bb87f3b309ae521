/* SPDX-License-Identifier: MIT */
/* How sure a percentile is, and a change between two: 95 % intervals from ranks alone, with
 * no guess at how the samples are distributed, and nothing drawn at random.
 *
 * Of n samples the number below the true percentile is binomial. So the true one lies
 * between the samples of two ranks that bound 95 % of that distribution; and each of the
 * two is taken at the outer end of its bucket (histogram.h). The interval of a quotient
 * comes from those of its parts, on a logarithmic scale (MOVER: Zou and Donner, 2008).
 *
 * All of it takes samples for independent. Where trouble comes in blocks, an outage that
 * took many of them, the truth is wider. */
#ifndef REPORT_INTERVAL_H
#define REPORT_INTERVAL_H

#include "report/histogram.h"

/* The ranks, from 1 to n, between which that percentile (in thousandths) lies. False when
 * n samples cannot bound it: interval_needed(which) can. */
KEDGE_MUST_CHECK bool interval_ranks(uint64_t n, uint32_t which, uint64_t *low,
                                     uint64_t *high);
uint64_t interval_needed(uint32_t which);

struct interval {
    kedge_nanos low, high;
};

KEDGE_MUST_CHECK bool interval_of(const struct histogram *h, uint32_t which,
                                  struct interval *out);

/* A change in percent: 100 is twice as much. */
struct interval_change {
    double change;
    bool bounded; /* whether the next two are known */
    double low, high;
};

/* From a to b. False when one of them has too few samples for that percentile at all. */
KEDGE_MUST_CHECK bool interval_of_change(const struct histogram *a,
                                         const struct histogram *b, uint32_t which,
                                         struct interval_change *out);

#endif
