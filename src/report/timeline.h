/* SPDX-License-Identifier: MIT */
/* What became of things over time, in a fixed number of slots of one width: how many of
 * each kind, and of their durations the least, the largest and the sum. When time runs past
 * the last slot, each two become one and the width doubles; so a run of any length fits.
 * Pure; zeroed memory but for the width is an empty one. */
#ifndef REPORT_TIMELINE_H
#define REPORT_TIMELINE_H

#include "kedge/base.h"

#define TIMELINE_SLOTS 240
#define TIMELINE_KINDS 5

struct timeline_slot {
    uint32_t counts[TIMELINE_KINDS];
    uint32_t measured; /* how many of them had a duration */
    kedge_nanos min, max, sum;
};

struct timeline {
    kedge_nanos width; /* of a slot; at least 1 */
    uint32_t used;     /* slots up to the last that has something */
    struct timeline_slot slots[TIMELINE_SLOTS];
};

/* One of that kind, `at` after the start. */
void timeline_count(struct timeline *t, kedge_nanos at, uint32_t kind);

/* One that was counted there turns out not to be. Nothing if there is none. */
void timeline_take_back(struct timeline *t, kedge_nanos at, uint32_t kind);

/* How long one took that is counted there. */
void timeline_measure(struct timeline *t, kedge_nanos at, kedge_nanos duration);

#endif
