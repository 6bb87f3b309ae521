/* SPDX-License-Identifier: MIT */
/* Calls that have returned, as the preload library reports them. Each keeps errno, and does
 * nothing where the descriptor is no socket or the process is not traced. A call's bytes
 * are looked at only as far as it said that they were sent or received. */
#ifndef TRACE_SEE_H
#define TRACE_SEE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* One that moves no bytes. Returns result. */
long see_call(int fd, const char *name, long result);

/* One that made the socket fd, or failed (fd below 0) on the socket `other`. */
int see_begun(int fd, const char *name, int other);

int see_bind(int fd, int result);
int see_listen(int fd, int backlog, int result);
int see_connect(int fd, const struct sockaddr *to, socklen_t len, int result);
int see_option(int fd, int level, int name, const void *value, socklen_t len);
void see_poll(const struct pollfd *fds, nfds_t count, int timeout, int result);

/* One that moves bytes, and where they lie. */
struct see_data {
    const char *name;
    bool out; /* sent, not received */
    int flags;
    struct iovec one;        /* where iov is NULL */
    const struct iovec *iov; /* count of them */
    size_t count;
    const struct sockaddr *address; /* of the other side; NULL: not said */
    socklen_t address_len;          /* at most: what it says may be longer */
    const struct msghdr *message;   /* for its control data; NULL: none */
};

ssize_t see_data(int fd, const struct see_data *d, ssize_t result);

/* sendmmsg and recvmmsg: a line each message. */
int see_messages(int fd, struct see_data *d, const struct mmsghdr *messages, int result);

/* Close fd and see what is left of it. */
int see_close(int fd);

#endif
