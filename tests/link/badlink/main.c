/* SPDX-License-Identifier: MIT */
/* badlink as a program: devices, namespaces, signals. */
#include "badlink.h"

#include "carry.h"
#include "options.h"
#include "side.h"
#include "stats.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "badlink: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

int64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* True: stop. */
static bool handle_signal(const struct badlink *b, int signals)
{
    struct signalfd_siginfo info;

    if (read(signals, &info, sizeof info) != sizeof info)
        return false;
    if (info.ssi_signo != SIGUSR1)
        return true;
    stats_print(b);
    if (b->trace)
        fflush(b->trace);
    return false;
}

/* When there is something to do, or the end. */
static int64_t next_event(const struct badlink *b, int64_t end)
{
    int64_t next = end;

    for (int d = 0; d < 2; d++)
        if (b->links[d].count && b->links[d].heap[0].due < next)
            next = b->links[d].heap[0].due;
    return next;
}

/* Arming clears old expiries too. FOREVER disarms. */
static void arm(int timer, int64_t at)
{
    int64_t t = at == FOREVER ? 0 : at;
    struct itimerspec when = { .it_value = { t / SECOND, t % SECOND } };

    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void run(struct badlink *b, int signals)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct pollfd fds[4] = { { b->sides[0].tun, POLLIN, 0 },
                             { b->sides[1].tun, POLLIN, 0 },
                             { signals, POLLIN, 0 },
                             { timer, POLLIN, 0 } };
    int64_t end = b->duration == FOREVER ? FOREVER : b->started + b->duration;
    int64_t armed = FOREVER;

    for (int64_t now = clock_ns(); now < end; now = clock_ns()) {
        int64_t next = next_event(b, end);
        int64_t wake = next == FOREVER ? FOREVER : next - b->spin;
        bool wait = wake > now;

        if (wait && wake != armed) {
            arm(timer, wake);
            armed = wake;
        }
        if (poll(fds, 4, wait ? -1 : 0) < 0 && errno != EINTR)
            die("poll: %s", strerror(errno));
        if (fds[2].revents && handle_signal(b, signals))
            return;
        for (int d = 0; d < 2; d++) {
            deliver(&b->links[d]);
            if (fds[d].revents)
                receive(b, &b->links[d]);
            deliver(&b->links[d]);
        }
    }
}

static int open_signals(void)
{
    static const int stops[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
    sigset_t mask;

    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        sigaddset(&mask, stops[i]);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void clean_up(int status, void *arg)
{
    const struct badlink *b = arg;

    (void)status;
    side_close(b, &b->sides[0]);
    side_close(b, &b->sides[1]);
}

static void set_up(struct badlink *b)
{
    struct sched_param first = { .sched_priority = 1 };

    if (b->trace_path && !(b->trace = fopen(b->trace_path, "we")))
        die("%s: %s", b->trace_path, strerror(errno));
    on_exit(clean_up, b);
    for (int d = 0; d < 2; d++) /* a device's MTU limits what it sends */
        side_open(b, b->links[d].from, b->links[d].params.mtu);
    if (b->realtime && sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first))
        fprintf(stderr, "badlink: --rt: %s\n", strerror(errno));
    b->started = clock_ns();
    if (b->ready_fd < 0)
        return;
    if (write((int)b->ready_fd, "ready\n", 6) != 6)
        fprintf(stderr, "badlink: --ready-fd: %s\n", strerror(errno));
    close((int)b->ready_fd);
}

int main(int argc, char **argv)
{
    struct badlink *b = calloc(1, sizeof *b);
    pid_t parent = getppid();
    int signals;

    if (!b)
        die("no memory");
    options_parse(b, argc, argv);
    signals = open_signals();
    if (b->die_with_parent) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            raise(SIGTERM);
    }
    set_up(b);
    run(b, signals);
    stats_print(b);
    if (b->trace)
        fclose(b->trace);
    return 0;
}
