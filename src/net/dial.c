/* SPDX-License-Identifier: MIT */
/* Sockets connected to an endpoint: each address in turn, within one timeout. */
#include "kedge/endpoint.h"

#include "base/number.h"
#include "os/clock.h"
#include "net/option.h"
#include "net/problem.h"
#include "net/sockets.h"

#include <errno.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

/* The outcome of a connect that is under way: 0 or -errno. */
static int dial_await(int fd, kedge_nanos deadline)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    int n, err, told = 0;

    do {
        kedge_nanos left = sub_sat(deadline, clock_now());
        kedge_nanos ms = min_u64(left / KEDGE_MSEC + 1, INT32_MAX);

        n = poll(&p, 1, deadline == KEDGE_NEVER ? -1 : (int)ms);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (n == 0)
        return -ETIMEDOUT;
    err = option_get(fd, SOL_SOCKET, SO_ERROR, &told);
    return err ? err : -told;
}

static int connect_ip(int fd, const struct kedge_address *to, kedge_nanos deadline)
{
    int err = option_blocking(fd, false);

    if (!err && connect(fd, (const struct sockaddr *)&to->storage, to->len) < 0)
        err = -errno;
    if (err == -EINPROGRESS || err == -EINTR)
        err = dial_await(fd, deadline);
    return err ? err : option_blocking(fd, true);
}

static int limit_sending(int fd, kedge_nanos timeout)
{
    struct timeval t = { .tv_sec = (time_t)(timeout / KEDGE_SEC),
                         .tv_usec = (suseconds_t)(timeout % KEDGE_SEC / KEDGE_USEC + 1) };

    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t) < 0 ? -errno : 0;
}

/* Where the listener's queue is full a unix socket waits in connect() itself, and cannot
 * be polled for it. */
static int connect_local(int fd, const struct kedge_address *to, kedge_nanos deadline)
{
    const struct timeval for_ever = { 0 };
    int n, err = 0;

    if (deadline != KEDGE_NEVER)
        err = limit_sending(fd, sub_sat(deadline, clock_now()));
    if (err)
        return err;
    do
        n = connect(fd, (const struct sockaddr *)&to->storage, to->len);
    while (n < 0 && errno == EINTR);
    err = n < 0 ? -errno : 0;
    if (err)
        return err == -EAGAIN ? -ETIMEDOUT : err;
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &for_ever, sizeof for_ever) < 0
               ? -errno
               : 0;
}

static int connect_to(int fd, const struct kedge_address *to, kedge_nanos deadline)
{
    return to->storage.ss_family == AF_UNIX ? connect_local(fd, to, deadline)
                                            : connect_ip(fd, to, deadline);
}

/* Without a name of its own a unix datagram socket could not be answered: the kernel
 * chooses an abstract one. */
static int name_self(int fd)
{
    const struct sockaddr any = { .sa_family = AF_UNIX };

    return bind(fd, &any, sizeof any.sa_family) < 0 ? -errno : 0;
}

/* The descriptor or -errno. */
static int dial_at(const struct kedge_endpoint *e, const struct kedge_address *to,
                   kedge_nanos deadline)
{
    int fd = endpoint_socket(e, to->storage.ss_family);
    int err;

    if (fd < 0)
        return fd;
    err = e->transport == KEDGE_UNIX_DGRAM ? name_self(fd) : 0;
    if (!err)
        err = connect_to(fd, to, deadline);
    if (!err)
        return fd;
    close(fd);
    return err;
}

/* Each address is given its part of the time that is left, so that one that is mute
 * leaves the others theirs. */
static int dial_all(const struct kedge_endpoint *e, const struct kedge_addresses *all,
                    kedge_nanos timeout, struct kedge_error *error)
{
    kedge_nanos end = add_sat(clock_now(), timeout);
    int fd = -1;

    for (unsigned i = 0; i < all->count && fd < 0; i++) {
        kedge_nanos now = clock_now();
        kedge_nanos part = sub_sat(end, now) / (all->count - i);

        fd = dial_at(e, &all->at[i], end == KEDGE_NEVER ? KEDGE_NEVER : now + part);
        if (fd < 0)
            endpoint_problem(error, -fd, e, "connect to", &all->at[i]);
    }
    return fd < 0 ? -1 : fd;
}

int kedge_endpoint_dial(const struct kedge_endpoint *e, kedge_nanos timeout,
                        struct kedge_error *error)
{
    bool has_host = e->transport == KEDGE_TCP || e->transport == KEDGE_UDP;
    struct kedge_addresses all;

    if (!endpoint_is_one_socket(e, error))
        return -1;
    if (has_host && !*e->host) {
        char text[KEDGE_ENDPOINT_TEXT];

        problem_set(error, KEDGE_BAD_ENDPOINT, kedge_endpoint_print(e, text),
                    "the host is missing");
        return -1;
    }
    if (kedge_resolve(e, &all, error) < 0)
        return -1;
    return dial_all(e, &all, timeout, error);
}

int kedge_dial(const char *endpoint, struct kedge_error *error)
{
    struct kedge_endpoint e;

    if (!kedge_endpoint_parse(endpoint, &e, error))
        return -1;
    return kedge_endpoint_dial(&e, KEDGE_NEVER, error);
}
