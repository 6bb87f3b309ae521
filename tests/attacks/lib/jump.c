/* SPDX-License-Identifier: MIT */
/* Loaded ahead of the C library, it makes the wall clock jump at every look at it: a year on,
 * a year back, to 1970 and to the end of 32 bits. The other clocks are left as they are. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *t)
{
    static _Atomic unsigned looks;
    static const long long jumps[] = { 31536000, -31536000, -2000000000, 2300000000 };
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int err = real(clock, t);

    if (err == 0 && clock == CLOCK_REALTIME)
        t->tv_sec += jumps[looks++ % 4];
    return err;
}
