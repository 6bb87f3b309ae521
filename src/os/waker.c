/* SPDX-License-Identifier: MIT */
/* An eventfd by which another thread wakes the loop. */
#include "os/loop.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void on_wake(void *owner, unsigned events)
{
    struct loop_waker *w = owner;
    eventfd_t count;

    (void)events;
    /* Emptied before the call: a wake during it brings another. */
    if (eventfd_read(w->watch.fd, &count) == 0)
        w->woken(w->owner);
}

int loop_waker_open(struct loop *l, struct loop_waker *w)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int err;

    if (fd < 0)
        return -errno;
    w->watch = (struct loop_watch){ .ready = on_wake, .owner = w };
    err = loop_watch_add(l, &w->watch, fd, LOOP_READ);
    if (err)
        close(fd);
    return err;
}

void loop_waker_wake(const struct loop_waker *w)
{
    int before = errno;

    /* EAGAIN means that 2^64 - 1 wakes are pending: then one more is not needed. */
    (void)eventfd_write(w->watch.fd, 1);
    errno = before;
}

void loop_waker_close(struct loop *l, struct loop_waker *w)
{
    int fd = w->watch.fd;

    loop_watch_remove(l, &w->watch);
    close(fd);
}
