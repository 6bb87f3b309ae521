#include "bench/clock.h"

#include <dirent.h>
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

static double cpu_of_threads(int pid)
{
    char path[64];
    double sum = 0;
    DIR *dir;
    struct dirent *e;

    snprintf(path, sizeof path, "/proc/%d/task", pid);
    dir = opendir(path);
    while (dir && (e = readdir(dir))) {
        char file[400];
        unsigned long long ns = 0;
        FILE *f;

        if (e->d_name[0] == '.')
            continue; /* ".." is the process itself: its main thread once more */
        snprintf(file, sizeof file, "%s/%s/schedstat", path, e->d_name);
        f = fopen(file, "r");
        if (f && fscanf(f, "%llu", &ns) == 1)
            sum += (double)ns / 1e9;
        if (f)
            fclose(f);
    }
    if (dir)
        closedir(dir);
    return sum;
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
