/* SPDX-License-Identifier: MIT */
/* The system's clocks as nanoseconds. */
#include "os/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t = { 0 };
    int err = clock_gettime(clock, &t);

    KEDGE_ASSERT(err == 0);
    return (uint64_t)t.tv_sec * KEDGE_SEC + (uint64_t)t.tv_nsec;
}

kedge_nanos clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}
