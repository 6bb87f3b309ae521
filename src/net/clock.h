/* The clock of deadlines and round trips (CLOCK_MONOTONIC). */
#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include "kedge/base.h"

/* Now. */
kedge_nanos net_clock(void);

#endif
