/* SPDX-License-Identifier: MIT */
/* What a service manager is told: datagrams of NAME=VALUE lines to the socket that it names
 * in NOTIFY_SOCKET, as sd_notify(3) documents them. It does not know what is worth telling,
 * nor when. It never waits. */
#ifndef OS_NOTIFY_H
#define OS_NOTIFY_H

#include "kedge/base.h"

#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd;               /* -1: there is no one to tell */
    kedge_nanos watchdog; /* to be told WATCHDOG=1 more often than this; KEDGE_NEVER */
    struct sockaddr_un to;
    socklen_t to_len;
};

/* Find the manager by NOTIFY_SOCKET (a path, or @ and an abstract name), WATCHDOG_USEC and
 * WATCHDOG_PID, which are then taken out of the environment, so that no child speaks for this
 * process. Call it before threads and before privileges are given up. 0, also where there is
 * no manager; or -errno (EINVAL: neither a path nor an abstract name; ENAMETOOLONG; ENOENT,
 * ECONNREFUSED: nothing is there), and then fd is -1. */
KEDGE_MUST_CHECK int notify_open(struct notify *n);

/* Send one datagram: lines with '\n' between them. A manager that was started again is found
 * at the same name. 0, also where there is no manager; -EAGAIN: its queue is full, so
 * try later; or another -errno. */
KEDGE_MUST_CHECK int notify_send(const struct notify *n, const char *lines);

void notify_close(struct notify *n);

#endif
