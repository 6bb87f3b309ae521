/* SPDX-License-Identifier: MIT */
/* The MTU and source address of the route to a peer. */
#include "net/udp.h"

#include "net/option.h"

#include <errno.h>
#include <unistd.h>

static int scratch(int family)
{
    return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

int net_route_open(struct net_route *r)
{
    int err;

    r->v4 = scratch(AF_INET);
    err = errno;
    r->v6 = scratch(AF_INET6);
    return r->v4 < 0 && r->v6 < 0 ? -err : 0;
}

void net_route_close(struct net_route *r)
{
    if (r->v4 >= 0)
        close(r->v4);
    if (r->v6 >= 0)
        close(r->v6);
    r->v4 = r->v6 = -1;
}

/* The socket, connected; or -errno. A socket keeps the source address of its first
 * connect, which is wrong for the next peer: so the one before is dissolved. */
static int lead_to(const struct net_route *r, const struct net_address *peer)
{
    const struct sockaddr none = { .sa_family = AF_UNSPEC };
    int fd = net_address_is_v6(peer) ? r->v6 : r->v4;

    if (fd < 0)
        return -EAFNOSUPPORT;
    (void)connect(fd, &none, sizeof none);
    return connect(fd, &peer->u.any, peer->len) < 0 ? -errno : fd;
}

int net_route_mtu(const struct net_route *r, const struct net_address *peer)
{
    int fd = lead_to(r, peer);
    bool v6 = net_address_is_v6(peer);
    int mtu = 0;
    int err;

    if (fd < 0)
        return fd;
    err = v6 ? option_get(fd, SOL_IPV6, IPV6_MTU, &mtu)
             : option_get(fd, SOL_IP, IP_MTU, &mtu);
    return err ? err : mtu;
}

int net_route_source(const struct net_route *r, const struct net_address *peer,
                     struct net_address *out)
{
    struct kedge_address any = { .len = sizeof any.storage };
    int fd = lead_to(r, peer);

    if (fd < 0)
        return fd;
    if (getsockname(fd, (struct sockaddr *)&any.storage, &any.len) < 0)
        return -errno;
    if (!net_address_from(&any, out))
        return -EAFNOSUPPORT;
    net_address_set_port(out, 0);
    return 0;
}
