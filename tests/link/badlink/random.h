/* SPDX-License-Identifier: MIT */
/* Randomness that is a pure function of (seed, direction, impairment, packet number): the
 * nth packet meets the same fate in each run, whatever else is switched on. */
#ifndef BADLINK_RANDOM_H
#define BADLINK_RANDOM_H

#include "badlink.h"

enum stream {
    R_BURST_STATE,
    R_BURST_LOSS,
    R_LOSS,
    R_DUP,
    R_REORDER,
    R_JITTER,
    R_CORRUPT,
    R_CORRUPT_POSITION
};

/* The kth draw of packet n: 64 bits, or a number from 0 up to 1. */
uint64_t draw(const struct link *l, enum stream s, uint64_t n, unsigned k);
double uniform(const struct link *l, enum stream s, uint64_t n, unsigned k);

bool chance(const struct link *l, enum stream s, uint64_t n, double p);

#endif
