/* Whether this program itself was late: it slept past the time it meant to be awake, as it
 * was stopped, had no processor, or had more to do than it could. What was measured over
 * such a moment says more of this machine than of the way. Pure. */
#ifndef ASK_PROBE_SELF_H
#define ASK_PROBE_SELF_H

#include "kedge/base.h"

#define SELF_LATE KEDGE_MSEC /* less is the timer's own grain */

struct self {
    kedge_nanos due;        /* when it means to be awake; KEDGE_NEVER */
    kedge_nanos late_from;  /* the last time it was late ... */
    kedge_nanos late_until; /* ... and its end; 0: never was */
    kedge_nanos worst;
    uint64_t times;
};

/* Zeroed memory, with due set, is a start. */
void self_awake(struct self *s, kedge_nanos now);

#endif
