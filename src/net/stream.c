/* SPDX-License-Identifier: MIT */
/* Accept, read, write and shutdown of byte streams: the public calls of kedge/stream.h. */
#include "kedge/stream.h"

#include <errno.h>
#include <stdbool.h>

int kedge_accept(int listener, struct kedge_address *peer)
{
    struct kedge_address from = { .len = sizeof from.storage };
    int fd;

    do {
        from.len = sizeof from.storage;
        fd = accept4(listener, (struct sockaddr *)&from.storage, &from.len, SOCK_CLOEXEC);
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EPROTO));
    if (fd < 0)
        return -errno;
    if (peer)
        *peer = from;
    return fd;
}

ssize_t kedge_read_some(int fd, void *buffer, size_t size)
{
    ssize_t n;

    do
        n = recv(fd, buffer, size, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int kedge_write_all(int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    while (size > 0) {
        ssize_t n = send(fd, at, size, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

int kedge_shutdown_write(int fd)
{
    return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}
