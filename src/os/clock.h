/* SPDX-License-Identifier: MIT */
/* The clock of deadlines and round trips (CLOCK_MONOTONIC). */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include "kedge/base.h"

/* Now. */
kedge_nanos net_clock(void);

#endif
