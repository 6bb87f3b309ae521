/* SPDX-License-Identifier: MIT */
/* The route to a host asked of the kernel by netlink: interface, MTU, neighbour. */
#include "net/next_hop.h"

#include "net/neighbour.h"
#include "net/netlink.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of its prefix. What is shorter is the world beyond a tunnel, or half of it. */
#define SHORTEST_NETWORK 8
#define MAC_BYTES 6
#define DISCARD 9 /* the port of RFC 863, at which nobody listens */

struct hop {
    unsigned interface;
    struct net_address at;
};

static struct netlink_request route_request(const struct net_address *peer,
                                            const struct net_path *path)
{
    struct netlink_request r = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof r.u.route),
                                             .nlmsg_type = RTM_GETROUTE,
                                             .nlmsg_flags = NLM_F_REQUEST } };
    struct kedge_span ip = netlink_ip(peer);
    unsigned interface = *path->interface ? if_nametoindex(path->interface) : 0;

    if (net_address_is_v6(peer) && interface == 0)
        interface = peer->u.v6.sin6_scope_id;
    r.u.route.rtm_family = (uint8_t)peer->u.any.sa_family;
    r.u.route.rtm_dst_len = (uint8_t)(ip.len * 8);
    netlink_append(&r, RTA_DST, ip);
    if (interface > 0)
        netlink_append(
            &r, RTA_OIF,
            (struct kedge_span){ (const uint8_t *)&interface, sizeof interface });
    if (path->source.len > 0)
        netlink_append(&r, RTA_SRC, netlink_ip(&path->source));
    return r;
}

static int next_hop(int fd, const struct net_address *peer, const struct net_path *path,
                    struct hop *out)
{
    struct netlink_request r = route_request(peer, path);
    _Alignas(8) uint8_t room[NETLINK_ROOM];
    struct kedge_span answer, oif, gateway, own = netlink_ip(peer);
    size_t len = 0;
    int err = netlink_ask(fd, &r, room, &len);

    if (err)
        return err;
    answer = (struct kedge_span){ room, len };
    oif = netlink_find(answer, sizeof(struct rtmsg), RTA_OIF);
    gateway = netlink_find(answer, sizeof(struct rtmsg), RTA_GATEWAY);
    if (oif.len != sizeof out->interface)
        return -ENETUNREACH;
    memcpy(&out->interface, oif.ptr, oif.len);
    out->at = *peer;
    if (gateway.len == own.len && net_address_is_v6(&out->at))
        memcpy(&out->at.u.v6.sin6_addr, gateway.ptr, gateway.len);
    else if (gateway.len == own.len)
        memcpy(&out->at.u.v4.sin_addr, gateway.ptr, gateway.len);
    return 0;
}

static bool is_known(int fd, const struct hop *hop)
{
    struct neighbour n;

    return neighbour_ask(fd, hop->interface, &hop->at, &n) == 0 && n.usable;
}

/* The interface's own: its name, its MTU, and whether it has link addresses at all. */
static int read_interface(unsigned index, struct next_hop *out, bool *has_addresses)
{
    struct ifreq r = { 0 };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int err = 0;

    if (fd < 0)
        return -errno;
    if (!if_indextoname(index, r.ifr_name) || ioctl(fd, SIOCGIFFLAGS, &r) < 0)
        err = -errno;
    *has_addresses = !(r.ifr_flags & (IFF_LOOPBACK | IFF_NOARP));
    if (!err && ioctl(fd, SIOCGIFMTU, &r) < 0)
        err = -errno;
    close(fd);
    out->mtu = r.ifr_mtu;
    memcpy(out->interface, r.ifr_name, sizeof out->interface);
    return err;
}

int next_hop_to(const struct net_address *peer, const struct net_path *path,
                struct next_hop *out)
{
    int fd = netlink_open();
    bool has_addresses = false;
    struct hop hop = { 0 };
    int err;

    if (fd < 0)
        return fd;
    *out = (struct next_hop){ 0 };
    err = next_hop(fd, peer, path, &hop);
    if (!err)
        err = read_interface(hop.interface, out, &has_addresses);
    if (!err)
        out->must_ask = has_addresses && !is_known(fd, &hop);
    close(fd);
    return err;
}

/* The kernel's answer where there is none, and that of routes of the kinds unreachable,
 * prohibit and blackhole. */
static bool says_no_route(int err)
{
    return err == -ENETUNREACH || err == -EHOSTUNREACH || err == -EACCES ||
           err == -EINVAL;
}

/* Asked of the route itself (RTM_F_FIB_MATCH): what is made of it for one host has no prefix.
 * 1: the peer is on an attached network, and hop is filled; 0: it is not, or no route leads
 * to it; -errno. */
static int is_attached(int fd, const struct net_address *peer,
                       const struct net_path *path, struct hop *hop)
{
    static const uint16_t routers[] = { RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH };
    struct netlink_request r = route_request(peer, path);
    _Alignas(8) uint8_t room[NETLINK_ROOM];
    struct kedge_span answer, oif;
    struct rtmsg got;
    size_t len = 0;
    int err;

    r.u.route.rtm_flags = RTM_F_FIB_MATCH;
    err = netlink_ask(fd, &r, room, &len);
    if (err)
        return says_no_route(err) ? 0 : err;
    if (len < NLMSG_LENGTH(sizeof got))
        return -EBADMSG;
    answer = (struct kedge_span){ room, len };
    memcpy(&got, room + NLMSG_HDRLEN, sizeof got);
    for (size_t i = 0; i < sizeof routers / sizeof *routers; i++)
        if (netlink_find(answer, sizeof got, routers[i]).len > 0)
            return 0;
    *hop = (struct hop){ .at = *peer };
    oif = netlink_find(answer, sizeof got, RTA_OIF);
    if (oif.len == sizeof hop->interface)
        memcpy(&hop->interface, oif.ptr, oif.len);
    return got.rtm_dst_len >= SHORTEST_NETWORK;
}

bool next_hop_is_attached(const struct net_address *peer)
{
    const struct net_path any = { 0 };
    struct hop hop = { 0 };
    int fd = netlink_open();
    bool attached = fd >= 0 && is_attached(fd, peer, &any, &hop) > 0;

    if (fd >= 0)
        close(fd);
    return attached;
}

static struct net_path path_by(unsigned interface)
{
    struct net_path path = { 0 };

    if (interface > 0 && !if_indextoname(interface, path.interface))
        path.interface[0] = '\0'; /* it has gone */
    return path;
}

/* An interface that went away meanwhile is one without the client. */
static enum next_hop_mac mac_failed(int err)
{
    errno = -err;
    return err == -ENODEV || err == -ENXIO ? NEXT_HOP_MAC_PENDING : NEXT_HOP_MAC_FAILED;
}

/* A link without link addresses, and this host itself, will never have an entry. */
static enum next_hop_mac mac_of(int fd, const struct hop *hop, uint8_t *mac)
{
    struct next_hop unused;
    struct neighbour n = { 0 };
    bool has_addresses = false;

    int err =
        hop->interface > 0 ? read_interface(hop->interface, &unused, &has_addresses) : 0;

    if (err < 0)
        return mac_failed(err);
    if (!has_addresses)
        return NEXT_HOP_NO_MAC;
    err = neighbour_ask(fd, hop->interface, &hop->at, &n);
    if (err < 0 && err != -ENOENT)
        return mac_failed(err);
    if (err < 0 || !n.usable)
        return NEXT_HOP_MAC_PENDING;
    if (n.link_bytes != MAC_BYTES)
        return NEXT_HOP_NO_MAC;
    memcpy(mac, n.link, MAC_BYTES);
    return NEXT_HOP_MAC_KNOWN;
}

enum next_hop_mac next_hop_mac(const struct net_address *peer, unsigned interface,
                               uint8_t mac[6])
{
    struct net_path path = path_by(interface);
    enum next_hop_mac found = NEXT_HOP_NO_MAC;
    int fd = netlink_open(), attached, err;
    struct hop hop = { 0 };

    if (fd < 0)
        return mac_failed(fd);
    attached = is_attached(fd, peer, &path, &hop);
    if (attached > 0)
        found = mac_of(fd, &hop, mac);
    else if (attached < 0)
        found = mac_failed(attached);
    err = errno;
    close(fd);
    errno = err;
    return found;
}

void next_hop_resolve(const struct net_address *peer, unsigned interface)
{
    struct net_address to = *peer;
    int by = (int)interface;
    int fd = socket(peer->u.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return;
    net_address_set_port(&to, DISCARD);
    if (by > 0) /* refused by kernels before 5.7: then the route chooses it */
        (void)setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &by, sizeof by);
    (void)sendto(fd, "", 0, 0, &to.u.any, to.len);
    close(fd);
}
