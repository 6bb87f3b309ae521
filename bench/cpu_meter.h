/* SPDX-License-Identifier: MIT */
/* What the bench's programs measure with: the wall's time, CPU and memory of a process with
 * its children, and a histogram of times. */
#ifndef BENCH_CPU_METER_H
#define BENCH_CPU_METER_H

#include <stdint.h>

uint64_t clock_ns(void);

/* Seconds of CPU of this process. */
double cpu_self(void);

/* Seconds of CPU of a process with all its threads and children, to the nanosecond, from
 * the scheduler's own account. Children that have ended count by the kernel's tick. 0 if
 * pid is 0. */
double cpu_of(int pid);

/* KiB of memory of a process and of its children that is in use. 0 if pid is 0. */
double memory_of(int pid);

/* Times from 1 ns to 2^40 ns, each counted to within 1/64 of itself. Begins as zeros. */
enum { TALLY_STEPS = 64, TALLY_BINS = 40 * TALLY_STEPS };

struct tally {
    uint64_t count;
    uint64_t bin[TALLY_BINS];
};

void tally_add(struct tally *t, uint64_t ns);

/* The time that `part` (0 to 1) of all are not above, ns; 0 if there is none. */
double tally_at(const struct tally *t, double part);

/* Say what went wrong with errno's reason, and exit with 1. */
_Noreturn void die(const char *what);

#endif
