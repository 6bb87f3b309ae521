/* SPDX-License-Identifier: MIT */
/* Signals delivered to the loop by signalfd. */
#include "os/loop.h"

#include <errno.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_signal(void *owner, unsigned events)
{
    struct loop_signals *s = owner;
    struct signalfd_siginfo info;

    (void)events;
    if (read(s->watch.fd, &info, sizeof info) == (ssize_t)sizeof info)
        s->caught(s->owner, (int)info.ssi_signo);
}

int loop_signals_open(struct loop *l, struct loop_signals *s, const sigset_t *which)
{
    int err = -pthread_sigmask(SIG_BLOCK, which, &s->before);
    int fd;

    if (err)
        return err;
    fd = signalfd(-1, which, SFD_CLOEXEC | SFD_NONBLOCK);
    err = fd < 0 ? -errno : 0;
    s->watch = (struct loop_watch){ .ready = on_signal, .owner = s };
    if (!err)
        err = loop_watch_add(l, &s->watch, fd, LOOP_READ);
    if (!err)
        return 0;
    if (fd >= 0)
        close(fd);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    return err;
}

void loop_signals_stop(sigset_t *out)
{
    struct sigaction hang_up = { .sa_handler = SIG_DFL };

    sigemptyset(out);
    sigaddset(out, SIGINT);
    sigaddset(out, SIGTERM);
    if (sigaction(SIGHUP, NULL, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN)
        sigaddset(out, SIGHUP);
}

void loop_signals_close(struct loop *l, struct loop_signals *s)
{
    int fd = s->watch.fd;

    loop_watch_remove(l, &s->watch);
    close(fd);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
