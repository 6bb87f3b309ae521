/* SPDX-License-Identifier: MIT */
/* Socket options whose value is one number, and blocking mode. */
#include "net/option.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int option_set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

int option_set_ip(int fd, bool v6, int name, int v6_name, int value)
{
    return v6 ? option_set(fd, SOL_IPV6, v6_name, value)
              : option_set(fd, SOL_IP, name, value);
}

int option_get(int fd, int level, int name, int *value)
{
    int got = 0;
    socklen_t len = sizeof got;

    if (getsockopt(fd, level, name, &got, &len) < 0)
        return -errno;
    *value = got;
    return 0;
}

int option_free_bind(int fd, int family)
{
    if (family != AF_INET && family != AF_INET6)
        return 0;
    return option_set_ip(fd, family == AF_INET6, IP_FREEBIND, IPV6_FREEBIND, 1);
}

int option_interface(int fd, int family, const char *name)
{
    if (!name || (family != AF_INET && family != AF_INET6))
        return 0;
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) < 0
               ? -errno
               : 0;
}

int option_blocking(int fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return -errno;
    flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}
