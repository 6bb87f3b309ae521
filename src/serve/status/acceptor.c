/* SPDX-License-Identifier: MIT */
/* Lets clients in, or closes them. */
#include "serve/status/acceptor.h"

#include "net/connection.h"

#include <errno.h>
#include <unistd.h>

static const kedge_nanos shortage = 100 * KEDGE_MSEC; /* of descriptors */

static void listen_all(struct status_acceptor *a, unsigned events)
{
    for (unsigned i = 0; i < a->sockets; i++)
        loop_watch_change(a->loop, &a->listeners[i], events);
}

static void let_in(struct status_acceptor *a, int fd)
{
    if (a->open < a->most) {
        a->take(a->owner, fd);
        return;
    }
    a->refused += connection_reset_at_close(fd) == 0; /* or by an end of file, if not */
    close(fd);
}

/* All sockets are asked: a callback does not say which one it is of. */
static int accept_next(const struct status_acceptor *a)
{
    int fd = -EAGAIN;

    for (unsigned i = 0; i < a->sockets && fd == -EAGAIN; i++)
        fd = connection_accept(a->listeners[i].fd);
    return fd;
}

static void rest(struct status_acceptor *a, kedge_nanos until)
{
    listen_all(a, 0);
    loop_timer_set(a->loop, &a->again, until);
}

static void begin_span(struct status_acceptor *a)
{
    kedge_nanos now = loop_now(a->loop);

    if (now - a->since < ACCEPTOR_SPAN)
        return;
    a->since = now;
    a->looked_at = 0;
}

static void accept_some(void *owner, unsigned events)
{
    struct status_acceptor *a = owner;
    int fd = 0;

    (void)events;
    begin_span(a);
    while (a->looked_at < ACCEPTOR_AT_ONCE && fd >= 0) {
        fd = accept_next(a);
        a->looked_at += fd >= 0;
        if (fd >= 0)
            let_in(a, fd);
    }
    if (fd >= 0)
        rest(a, a->since + ACCEPTOR_SPAN);
    else if (fd != -EAGAIN)
        rest(a, loop_now(a->loop) + shortage);
}

static void listen_again(void *owner)
{
    listen_all(owner, LOOP_READ);
}

int acceptor_open(struct status_acceptor *a)
{
    a->again = (struct loop_timer){ .due = listen_again, .owner = a };
    return loop_timer_add(a->loop, &a->again);
}

int acceptor_add(struct status_acceptor *a, int fd)
{
    struct loop_watch *w = &a->listeners[a->sockets];
    struct connection_kind kind;
    int err;

    if (a->sockets == ACCEPTOR_SOCKETS)
        return -ENOSPC;
    err = connection_listener(fd, &kind);
    *w = (struct loop_watch){ .ready = accept_some, .owner = a };
    if (!err)
        err = loop_watch_add(a->loop, w, fd, LOOP_READ);
    a->sockets += err == 0;
    return err;
}

void acceptor_close(struct status_acceptor *a)
{
    for (unsigned i = 0; i < a->sockets; i++) {
        loop_watch_remove(a->loop, &a->listeners[i]);
        kedge_unlisten(a->listeners[i].fd);
    }
    a->sockets = 0;
    if (a->again.added)
        loop_timer_remove(a->loop, &a->again);
}
