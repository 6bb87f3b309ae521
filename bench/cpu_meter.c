/* SPDX-License-Identifier: MIT */
/* The bench's meter: wall time, CPU and memory of a process, and a histogram of times. */
#include "bench/cpu_meter.h"

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

/* statm is only about right: the kernel keeps a part of its count for each CPU. */
static double memory_of_one(int pid)
{
    char path[64], line[256];
    long kib = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    f = fopen(path, "r");
    while (f && kib == 0 && fgets(line, sizeof line, f))
        sscanf(line, "Rss: %ld", &kib);
    if (f)
        fclose(f);
    return (double)kib;
}

/* The sum of what a process and its children have. */
static double sum_of(int pid, double (*one)(int))
{
    double sum;
    char path[64];
    FILE *f;
    int child;

    if (pid <= 0)
        return 0;
    sum = one(pid);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    f = fopen(path, "r");
    while (f && fscanf(f, "%d", &child) == 1)
        sum += sum_of(child, one);
    if (f)
        fclose(f);
    return sum;
}

static double cpu_of_one(int pid)
{
    return cpu_of_threads(pid) + cpu_of_ended_children(pid);
}

double cpu_of(int pid)
{
    return sum_of(pid, cpu_of_one);
}

double memory_of(int pid)
{
    return sum_of(pid, memory_of_one);
}

/* 2^e to 2^(e + 1) has TALLY_STEPS bins. */
void tally_add(struct tally *t, uint64_t ns)
{
    unsigned e = 63u - (unsigned)__builtin_clzll(ns | 1);
    uint64_t step = (ns << 6 >> e) - TALLY_STEPS;
    uint64_t bin = ns ? (uint64_t)e * TALLY_STEPS + step : 0;

    t->bin[bin < TALLY_BINS ? bin : TALLY_BINS - 1]++;
    t->count++;
}

double tally_at(const struct tally *t, double part)
{
    uint64_t seen = 0;

    for (unsigned i = 0; i < TALLY_BINS; i++) {
        seen += t->bin[i];
        if (seen > 0 && (double)seen >= part * (double)t->count)
            return (double)(1ull << i / TALLY_STEPS) *
                   (1 + (i % TALLY_STEPS + 0.5) / (double)TALLY_STEPS);
    }
    return 0;
}

void die(const char *what)
{
    perror(what);
    exit(1);
}
