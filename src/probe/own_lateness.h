/* SPDX-License-Identifier: MIT */
/* Whether this program itself was late: it slept past the time it meant to be awake, as it
 * was stopped, had no processor, or had more to do than it could. What was measured over
 * such a moment says more of this machine than of the way. Pure. */
#ifndef PROBE_OWN_LATENESS_H
#define PROBE_OWN_LATENESS_H

#include "kedge/base.h"

#define SELF_LATE KEDGE_MSEC       /* less is the timer's own grain */
#define SELF_STEP (5 * KEDGE_MSEC) /* a clock that is slewed moves by far less */

struct own_lateness {
    kedge_nanos due;        /* when it means to be awake; KEDGE_NEVER */
    kedge_nanos late_from;  /* the last time it was late ... */
    kedge_nanos late_until; /* ... and its end; 0: never was */
    kedge_nanos worst;
    uint64_t times;
    uint64_t wall_offset; /* of the wall clock from the monotonic one; 0: not read yet */
    uint64_t steps;       /* how often the wall clock was set meanwhile ... */
    int64_t step;         /* ... and by how much the last time */
};

/* Zeroed memory, with due set, is a start. */
void own_lateness_awake(struct own_lateness *s, kedge_nanos now);

/* Both clocks, read one right after the other, some times a second. Nothing here is
 * measured by the wall clock but the kernel's stamps, which are left out where it was set. */
void own_lateness_clocks(struct own_lateness *s, kedge_nanos now, uint64_t wall_ns);

#endif
