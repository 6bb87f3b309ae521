/* SPDX-License-Identifier: MIT */
/* Non-blocking accept, read, write and shutdown on connected sockets. */
#include "net/connection.h"

#include "base/number.h"
#include "net/option.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

int connection_nonblocking(int fd)
{
    return option_blocking(fd, false);
}

void connection_send_buffer(int fd, uint32_t bytes)
{
    int value = (int)min_u64(bytes, INT32_MAX / 2);

    if (option_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, value) < 0)
        (void)option_set(fd, SOL_SOCKET, SO_SNDBUF, value);
}

int connection_reset_at_close(int fd)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) < 0 ? -errno
                                                                               : 0;
}

int connection_listener(int listener, struct connection_kind *out)
{
    int listens = 0, type = 0, family = 0;
    int err = option_get(listener, SOL_SOCKET, SO_ACCEPTCONN, &listens);

    if (!err && !listens)
        err = -EINVAL;
    if (!err)
        err = option_get(listener, SOL_SOCKET, SO_TYPE, &type);
    if (!err)
        err = option_get(listener, SOL_SOCKET, SO_DOMAIN, &family);
    if (!err)
        err = connection_nonblocking(listener);
    if (!err)
        *out = (struct connection_kind){ family, type == SOCK_SEQPACKET };
    return err;
}

/* Errors of the connection that was to be accepted; the listener is as before. */
static bool is_anothers(int code)
{
    return code == EINTR || code == ECONNABORTED || code == EPROTO || code == ENETDOWN ||
           code == ENOPROTOOPT || code == EHOSTDOWN || code == ENONET ||
           code == EHOSTUNREACH || code == EOPNOTSUPP || code == ENETUNREACH ||
           code == EPERM;
}

int connection_accept(int listener)
{
    /* Each failure takes one connection off the queue, which is bounded. */
    for (int i = 0; i < SOMAXCONN; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0)
            return fd;
        if (!is_anothers(errno))
            return -errno;
    }
    return -EAGAIN;
}

bool connection_room(int listener, int limit)
{
    int fd = fcntl(listener, F_DUPFD_CLOEXEC, 0); /* the lowest that is free */

    if (fd >= 0)
        close(fd);
    return fd >= 0 && fd < limit;
}

static ssize_t connection_receive(int fd, void *buffer, size_t size, int flags)
{
    ssize_t n;

    do
        n = recv(fd, buffer, size, flags | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

ssize_t connection_read(int fd, void *buffer, size_t size)
{
    return connection_receive(fd, buffer, size, 0);
}

ssize_t connection_peek(int fd, void *buffer, size_t size)
{
    return connection_receive(fd, buffer, size, MSG_PEEK);
}

void connection_skip(int fd, const struct connection_kind *kind, void *buffer, size_t n)
{
    bool tcp = kind->family == AF_INET || kind->family == AF_INET6;

    /* TCP throws away without copying. It cannot fail: the bytes are there. */
    while (n > 0 || kind->messages) {
        ssize_t taken = connection_receive(fd, buffer, n, tcp ? MSG_TRUNC : 0);

        if (taken <= 0 || kind->messages)
            break;
        n -= (size_t)taken;
    }
}

ssize_t connection_write(int fd, const void *bytes, size_t size)
{
    ssize_t n;

    do
        n = send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

bool connection_is_over(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLRDHUP };

    return poll(&p, 1, 0) > 0 && p.revents & (POLLRDHUP | POLLHUP | POLLERR);
}
