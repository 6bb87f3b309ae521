/* SPDX-License-Identifier: MIT */
/* What happens to packet n of a direction by chance. */
#ifndef BADLINK_IMPAIR_H
#define BADLINK_IMPAIR_H

#include "badlink.h"

/* Is it lost in a burst? The state moves by one packet: to be asked once for each. */
bool burst_lost(struct link *l, uint64_t n);

/* To be added to its delay, ns; may be negative. */
int64_t jitter(const struct link *l, uint64_t n);

/* Flip its bits. False if there was none that the mode lets be flipped. */
bool corrupt(const struct link *l, uint64_t n, uint8_t *data, size_t len);

#endif
