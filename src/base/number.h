/* SPDX-License-Identifier: MIT */
/* Numbers as people and packets write them. No locale, no errno, no wrap. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include "kedge/base.h"

/* Plain decimal digits, at least one, nothing else, and at most max. False otherwise,
 * and then *out is as it was. */
KEDGE_MUST_CHECK bool decimal(struct kedge_span text, uint64_t max, uint64_t *out);

/* The value of a hexadecimal digit of either case; -1 if it is none. */
int hex_digit(uint8_t c);

uint64_t min_u64(uint64_t a, uint64_t b);
uint64_t max_u64(uint64_t a, uint64_t b);
uint64_t clamp_u64(uint64_t v, uint64_t low, uint64_t high);

/* a + b and a - b that stop at UINT64_MAX and 0. For deadlines: KEDGE_NEVER stays. */
uint64_t add_sat(uint64_t a, uint64_t b);
uint64_t sub_sat(uint64_t a, uint64_t b);

/* v * by / over: exact while v * by fits, else within a few parts in 2^64 / by. Stops at
 * UINT64_MAX, which is also what a division by 0 gives. */
uint64_t mul_div(uint64_t v, uint64_t by, uint64_t over);

#endif
