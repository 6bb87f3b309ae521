/* SPDX-License-Identifier: MIT */
/* Datagrams to the service manager. */
#include "os/notify.h"

#include "base/bytes.h"
#include "base/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The manager means this process: it says no number, or ours. */
static bool is_for_us(const char *pid)
{
    uint64_t number = 0;

    return !pid ||
           (decimal(span_of(pid), INT32_MAX, &number) && number == (uint64_t)getpid());
}

static kedge_nanos watchdog_interval(const char *usec, const char *pid)
{
    uint64_t number = 0;

    if (!usec || !is_for_us(pid) ||
        !decimal(span_of(usec), KEDGE_NEVER / 1000 - 1, &number) || number == 0)
        return KEDGE_NEVER;
    return number * KEDGE_USEC;
}

/* 0 or -errno. An abstract name has no NUL at its end. */
static int find_address(const char *name, struct notify *n)
{
    size_t len = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || len < 2)
        return -EINVAL;
    if (len >= sizeof n->to.sun_path)
        return -ENAMETOOLONG;
    n->to.sun_family = AF_UNIX;
    memcpy(n->to.sun_path, name, len);
    if (name[0] == '@')
        n->to.sun_path[0] = 0;
    n->to_len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
    return 0;
}

/* Connected while privileges are there, it is allowed for good. */
static int dial(const struct notify *n)
{
    const struct sockaddr *to = (const struct sockaddr *)&n->to;

    return connect(n->fd, to, n->to_len) < 0 ? -errno : 0;
}

static int open_socket(struct notify *n)
{
    int err;

    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd < 0)
        return -errno;
    err = dial(n);
    if (err < 0)
        notify_close(n);
    return err;
}

int notify_open(struct notify *n)
{
    const char *name = getenv("NOTIFY_SOCKET");
    int err = 0;

    *n = (struct notify){ .fd = -1, .watchdog = KEDGE_NEVER };
    if (name) {
        n->watchdog = watchdog_interval(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
        err = find_address(name, n);
        if (err == 0)
            err = open_socket(n);
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return err;
}

static int notify_send_now(const struct notify *n, const char *lines)
{
    ssize_t sent = send(n->fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT);

    return sent < 0 ? -errno : 0;
}

int notify_send(const struct notify *n, const char *lines)
{
    int err = n->fd < 0 ? 0 : notify_send_now(n, lines);

    if (err != -ECONNREFUSED && err != -ENOTCONN && err != -ECONNRESET)
        return err;
    err = dial(n);
    return err < 0 ? err : notify_send_now(n, lines);
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}
