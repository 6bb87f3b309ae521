/* SPDX-License-Identifier: MIT */
/* TTL, DSCP, DF, source address and interface of a socket. */
#include "net/path.h"

#include "net/option.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int get(int fd, int level, int name)
{
    int value;

    return option_get(fd, level, name, &value) < 0 ? -1 : value;
}

static bool socket_is_v6(int fd)
{
    return get(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6;
}

bool net_path_is_plain(const struct net_path *p)
{
    return !p->has_dscp && p->ttl == 0 && !p->whole && p->source.len == 0 &&
           !*p->interface;
}

static int set_marks(const struct net_path *p, int fd, bool v6, char what[NET_PATH_WHAT])
{
    int err = 0;

    if (p->has_dscp) {
        snprintf(what, NET_PATH_WHAT, "DSCP %d", p->dscp);
        err = option_set_ip(fd, v6, IP_TOS, IPV6_TCLASS, p->dscp << 2);
    }
    if (err || p->ttl == 0)
        return err;
    snprintf(what, NET_PATH_WHAT, "TTL %d", p->ttl);
    return option_set_ip(fd, v6, IP_TTL, IPV6_UNICAST_HOPS, p->ttl);
}

/* PROBE: DF, and no word of what was learned of the path, so that each packet asks anew. A
 * stream would not get through then. */
static int set_whole(int fd, bool v6, bool stream, char what[NET_PATH_WHAT])
{
    int how = stream ? IP_PMTUDISC_DO : IP_PMTUDISC_PROBE;

    snprintf(what, NET_PATH_WHAT, "DF");
    return option_set_ip(fd, v6, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, how);
}

static int set_source(const struct net_address *at, int fd, char what[NET_PATH_WHAT])
{
    char text[NET_ADDRESS_TEXT];

    snprintf(what, NET_PATH_WHAT, "the source %s", net_address_print_host(at, text));
    return bind(fd, &at->u.any, at->len) < 0 ? -errno : 0;
}

static int set_interface(const char *name, int fd, char what[NET_PATH_WHAT])
{
    snprintf(what, NET_PATH_WHAT, "the interface %s", name);
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) < 0
               ? -errno
               : 0;
}

int net_path_apply(const struct net_path *p, int fd, bool stream,
                   char what[NET_PATH_WHAT])
{
    bool v6 = socket_is_v6(fd);
    int err = set_marks(p, fd, v6, what);

    if (!err && p->whole)
        err = set_whole(fd, v6, stream, what);
    if (!err && *p->interface)
        err = set_interface(p->interface, fd, what);
    if (!err && p->source.len > 0)
        err = set_source(&p->source, fd, what);
    return err;
}

int net_path_ttl(int fd)
{
    return socket_is_v6(fd) ? get(fd, SOL_IPV6, IPV6_UNICAST_HOPS)
                            : get(fd, SOL_IP, IP_TTL);
}

int net_path_tos(int fd)
{
    return socket_is_v6(fd) ? get(fd, SOL_IPV6, IPV6_TCLASS) : get(fd, SOL_IP, IP_TOS);
}
