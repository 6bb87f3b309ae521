/* SPDX-License-Identifier: MIT */
/* Chance that can be had again: the same seed gives the same rolls on every machine. */
#ifndef TESTS_SIM_DICE_H
#define TESTS_SIM_DICE_H

#include "kedge/base.h"

struct dice {
    uint64_t state;
};

uint64_t mix64(uint64_t v);
uint64_t dice_roll(struct dice *d);

/* 0 to n - 1; 0 if n is 0. */
uint64_t dice_below(struct dice *d, uint64_t n);
uint64_t dice_between(struct dice *d, uint64_t low, uint64_t high);

/* True in so many of a million cases. */
bool dice_ppm(struct dice *d, uint32_t ppm);

#endif
