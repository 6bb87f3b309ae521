/* SPDX-License-Identifier: MIT */
/* Signals that end a verb, delivered as a readable descriptor. */
#include "cmd/interrupt.h"

#include "os/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define GRACE_MS 1000

int interrupt_open(void)
{
    sigset_t set;
    int fd;

    loop_signals_stop(&set);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    sigprocmask(SIG_BLOCK, &set, NULL);
    return fd;
}

void interrupt_close(int fd)
{
    struct signalfd_siginfo info;
    sigset_t set;

    /* One that was already taken as the wish to stop must not end the program now. */
    while (read(fd, &info, sizeof info) > 0)
        continue;
    close(fd);
    loop_signals_stop(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int interrupt_which(int fd)
{
    struct signalfd_siginfo info;

    return read(fd, &info, sizeof info) > 0 ? (int)info.ssi_signo : 0;
}

static _Noreturn void die(int number)
{
    sigset_t set;

    loop_signals_stop(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    (void)kill(getpid(), number);
    _exit(128 + number);
}

void interrupt_end(int number)
{
    fflush(NULL);
    die(number);
}

static void *watch_signals(void *arg)
{
    const struct interrupt_guard *g = arg;
    struct pollfd fds[] = { { .fd = g->stop, .events = POLLIN },
                            { .fd = g->fd, .events = POLLIN } };
    int number;

    do
        number = poll(fds, 2, -1);
    while (number < 0);
    if (fds[0].revents || poll(fds, 1, GRACE_MS) > 0)
        return NULL;
    number = interrupt_which(g->fd);
    die(number ? number : SIGINT);
}

void interrupt_guard_start(struct interrupt_guard *g, int fd)
{
    g->fd = fd;
    g->stop = fd < 0 ? -1 : eventfd(0, EFD_CLOEXEC);
    if (g->stop < 0 || pthread_create(&g->thread, NULL, watch_signals, g) == 0)
        return;
    close(g->stop);
    g->stop = -1;
}

void interrupt_guard_stop(struct interrupt_guard *g)
{
    const uint64_t one = 1;

    if (g->stop < 0)
        return;
    if (write(g->stop, &one, sizeof one) == sizeof one)
        pthread_join(g->thread, NULL);
    close(g->stop);
    g->stop = -1;
}
