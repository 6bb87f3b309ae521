/* SPDX-License-Identifier: MIT */
/* Datagrams sent and received on one socket: the public calls of kedge/datagram.h. */
#include "kedge/datagram.h"

#include <errno.h>
#include <sys/time.h>
#include <sys/uio.h>

ssize_t kedge_receive_from(int fd, void *buffer, size_t size, struct kedge_address *from)
{
    struct iovec v = { buffer, size };
    struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1 };
    ssize_t n;

    if (from) {
        *from = (struct kedge_address){ .len = sizeof from->storage };
        h.msg_name = &from->storage;
        h.msg_namelen = from->len;
    }
    do
        n = recvmsg(fd, &h, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (from)
        from->len = h.msg_namelen;
    return (h.msg_flags & MSG_TRUNC) ? -EMSGSIZE : n;
}

int kedge_send_to(int fd, const void *bytes, size_t size, const struct kedge_address *to)
{
    const struct sockaddr *peer = to ? (const struct sockaddr *)&to->storage : NULL;
    ssize_t n;

    do
        n = sendto(fd, bytes, size, MSG_NOSIGNAL, peer, to ? to->len : 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

int kedge_receive_timeout(int fd, kedge_nanos timeout)
{
    struct timeval t = { 0 }; /* zero: for ever */

    if (timeout != KEDGE_NEVER) {
        t.tv_sec = (time_t)(timeout / KEDGE_SEC);
        t.tv_usec = (suseconds_t)(timeout % KEDGE_SEC / KEDGE_USEC);
        if (t.tv_sec == 0 && t.tv_usec == 0)
            t.tv_usec = 1;
    }
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) < 0 ? -errno : 0;
}
