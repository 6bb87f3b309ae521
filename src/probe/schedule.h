/* SPDX-License-Identifier: MIT */
/* When probes leave: one absolute schedule for all targets, an open loop. Whatever the
 * answers do and however late an earlier probe left, the next has its time; so an outage
 * is met by as many probes as it lasted, and is seen. Pure: the time is an argument.
 *
 * Fixed: probe k of target t is due at start + k * interval + t * stagger.
 * Poisson: each target has its own random gaps, exponential with the interval as their
 * mean, so that nothing periodic on the way can keep in step with the probes. */
#ifndef PROBE_SCHEDULE_H
#define PROBE_SCHEDULE_H

#include "base/deadlines.h"

/* Poisson: what the caller lends, an element a target each. */
struct schedule_memory {
    struct deadline_entry *heap;
    uint32_t *place;
    uint64_t *left; /* probes to go */
};

struct schedule {
    kedge_nanos start;
    kedge_nanos end; /* from then on none is due; KEDGE_NEVER: none has such an end */
    kedge_nanos interval; /* between two probes of one target */
    kedge_nanos stagger;  /* between two targets, so that they do not leave as a burst */
    uint64_t count;       /* for each target; 0: no end */
    uint32_t targets;
    uint64_t round; /* the next probe's: its sequence number ... */
    uint32_t turn;  /* ... and its target */
    bool poisson;
    uint64_t random;
    uint64_t *left;
    struct deadlines due;
};

struct schedule_due {
    kedge_nanos at; /* the intended time */
    uint32_t target;
};

/* targets >= 1, interval >= 1. The stagger is chosen here: at most 1 ms. */
void schedule_init(struct schedule *s, kedge_nanos interval, uint64_t count,
                   uint32_t targets);

/* Make it random, after schedule_init and once s->start is set. */
void schedule_poisson(struct schedule *s, const struct schedule_memory *m, uint64_t seed);

/* When the next probe is due; KEDGE_NEVER when all have left. */
kedge_nanos schedule_next(const struct schedule *s);

/* Take the next probe if it is due at `now`. False if none is. */
KEDGE_MUST_CHECK bool schedule_take(struct schedule *s, kedge_nanos now,
                                    struct schedule_due *out);

#endif
