/* SPDX-License-Identifier: MIT */
/* The two clocks. */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include "kedge/base.h"

/* The clock of deadlines and round trips (CLOCK_MONOTONIC), read now. In a turn of the
 * loop, use loop_now(). */
kedge_nanos clock_now(void);

/* The wall clock, in ns since 1970. It may be set: it is for records, and to be compared
 * with the kernel's timestamps; nothing waits by it. */
uint64_t clock_wall(void);

#endif
