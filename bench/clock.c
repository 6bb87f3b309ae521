#include "bench/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double cpu_self(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Threads that have ended count too. */
static double cpu_of_threads(int pid)
{
    struct timespec t = { 0 };
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_of_ended_children(int pid)
{
    char path[64];
    long cutime = 0, cstime = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    f = fopen(path, "r");
    if (f &&
        fscanf(f,
               "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld",
               &cutime, &cstime) != 2)
        cutime = cstime = 0;
    if (f)
        fclose(f);
    return (double)(cutime + cstime) / (double)sysconf(_SC_CLK_TCK);
}

double cpu_of(int pid)
{
    double sum;
    char path[64];
    FILE *f;
    int child;

    if (pid <= 0)
        return 0;
    sum = cpu_of_threads(pid) + cpu_of_ended_children(pid);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    f = fopen(path, "r");
    while (f && fscanf(f, "%d", &child) == 1)
        sum += cpu_of(child);
    if (f)
        fclose(f);
    return sum;
}
