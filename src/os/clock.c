/* SPDX-License-Identifier: MIT */
/* The monotonic clock, read. */
#include "os/clock.h"

#include <time.h>

kedge_nanos net_clock(void)
{
    struct timespec t;

    KEDGE_ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (kedge_nanos)t.tv_sec * KEDGE_SEC + (kedge_nanos)t.tv_nsec;
}
