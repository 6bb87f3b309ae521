/* Time for the bench: the wall's, our own CPU's, and that of another process. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>

uint64_t clock_ns(void);

/* Seconds of CPU of this process. */
double cpu_self(void);

/* Seconds of CPU of a process with all its threads and children, to the nanosecond, from
 * the scheduler's own account. Children that have ended count by the kernel's tick. 0 if
 * pid is 0. */
double cpu_of(int pid);

#endif
