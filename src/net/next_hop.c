/* SPDX-License-Identifier: MIT */
/* The route to a host asked of the kernel by netlink: interface, MTU, neighbour. */
#include "net/next_hop.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 8192 /* of an answer: a route, or a neighbour */
/* Of its prefix. What is shorter is the world beyond a tunnel, or half of it. */
#define SHORTEST_NETWORK 8
/* Of a neighbour whose link address can be used at once. */
#define KNOWN                                                                            \
    (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

struct request {
    struct nlmsghdr header;
    union {
        struct rtmsg route;
        struct ndmsg neighbour;
    } u;
    uint8_t attributes[128]; /* cppcheck-suppress unusedStructMember */
};

static struct kedge_span ip_of(const struct net_address *a)
{
    if (a->u.any.sa_family == AF_INET6)
        return (struct kedge_span){ a->u.v6.sin6_addr.s6_addr, 16 };
    return (struct kedge_span){ (const uint8_t *)&a->u.v4.sin_addr, 4 };
}

static void append(struct request *r, uint16_t type, struct kedge_span data)
{
    struct rtattr a = { .rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(data.len) };
    uint8_t *at = (uint8_t *)r + NLMSG_ALIGN(r->header.nlmsg_len);

    memcpy(at, &a, sizeof a);
    memcpy(at + RTA_LENGTH(0), data.ptr, data.len);
    r->header.nlmsg_len =
        NLMSG_ALIGN(r->header.nlmsg_len) + (uint32_t)RTA_SPACE(data.len);
}

/* One request, one answer: its message in `room`, or -errno. */
static int ask(int fd, const struct request *r, uint8_t room[ROOM], size_t *len)
{
    const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)room;
    struct nlmsgerr e;
    ssize_t n;

    if (send(fd, r, r->header.nlmsg_len, 0) < 0)
        return -errno;
    do
        n = recv(fd, room, ROOM, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if ((size_t)n < NLMSG_LENGTH(sizeof e) || h->nlmsg_len > (size_t)n)
        return -EBADMSG;
    *len = h->nlmsg_len;
    if (h->nlmsg_type != NLMSG_ERROR)
        return 0;
    memcpy(&e, NLMSG_DATA(h), sizeof e);
    return e.error ? e.error : -EBADMSG;
}

/* The value of an attribute behind a message's head; empty if there is none. */
static struct kedge_span find(const uint8_t *room, size_t len, size_t head, uint16_t type)
{
    size_t at = NLMSG_SPACE(head);
    struct rtattr a;

    while (at + sizeof a <= len) {
        memcpy(&a, room + at, sizeof a);
        if (a.rta_len < sizeof a || at + a.rta_len > len)
            break;
        if (a.rta_type == type)
            return (struct kedge_span){ room + at + RTA_LENGTH(0),
                                        a.rta_len - RTA_LENGTH(0) };
        at += RTA_ALIGN(a.rta_len);
    }
    return (struct kedge_span){ 0 };
}

struct hop {
    unsigned interface;
    struct net_address at;
};

static struct request route_request(const struct net_address *peer,
                                    const struct net_path *path)
{
    struct request r = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof r.u.route),
                                     .nlmsg_type = RTM_GETROUTE,
                                     .nlmsg_flags = NLM_F_REQUEST } };
    struct kedge_span ip = ip_of(peer);
    unsigned interface = *path->interface ? if_nametoindex(path->interface) : 0;

    if (peer->u.any.sa_family == AF_INET6 && interface == 0)
        interface = peer->u.v6.sin6_scope_id;
    r.u.route.rtm_family = (uint8_t)peer->u.any.sa_family;
    r.u.route.rtm_dst_len = (uint8_t)(ip.len * 8);
    append(&r, RTA_DST, ip);
    if (interface > 0)
        append(&r, RTA_OIF,
               (struct kedge_span){ (const uint8_t *)&interface, sizeof interface });
    if (path->source.len > 0)
        append(&r, RTA_SRC, ip_of(&path->source));
    return r;
}

static int next_hop(int fd, const struct net_address *peer, const struct net_path *path,
                    struct hop *out)
{
    struct request r = route_request(peer, path);
    _Alignas(8) uint8_t room[ROOM];
    struct kedge_span oif, gateway, own = ip_of(peer);
    size_t len = 0;
    int err = ask(fd, &r, room, &len);

    if (err)
        return err;
    oif = find(room, len, sizeof(struct rtmsg), RTA_OIF);
    gateway = find(room, len, sizeof(struct rtmsg), RTA_GATEWAY);
    if (oif.len != sizeof out->interface)
        return -ENETUNREACH;
    memcpy(&out->interface, oif.ptr, oif.len);
    out->at = *peer;
    if (gateway.len == own.len && out->at.u.any.sa_family == AF_INET6)
        memcpy(&out->at.u.v6.sin6_addr, gateway.ptr, gateway.len);
    else if (gateway.len == own.len)
        memcpy(&out->at.u.v4.sin_addr, gateway.ptr, gateway.len);
    return 0;
}

static bool is_known(int fd, const struct hop *hop)
{
    struct request r = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof r.u.neighbour),
                                     .nlmsg_type = RTM_GETNEIGH,
                                     .nlmsg_flags = NLM_F_REQUEST } };
    _Alignas(8) uint8_t room[ROOM];
    struct ndmsg got;
    size_t len = 0;

    r.u.neighbour.ndm_family = (uint8_t)hop->at.u.any.sa_family;
    r.u.neighbour.ndm_ifindex = (int)hop->interface;
    append(&r, NDA_DST, ip_of(&hop->at));
    if (ask(fd, &r, room, &len) < 0 || len < NLMSG_LENGTH(sizeof got))
        return false;
    memcpy(&got, room + NLMSG_HDRLEN, sizeof got);
    return got.ndm_state & KNOWN;
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
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    bool has_addresses = false;
    struct hop hop = { 0 };
    int err;

    if (fd < 0)
        return -errno;
    *out = (struct next_hop){ 0 };
    err = next_hop(fd, peer, path, &hop);
    if (!err)
        err = read_interface(hop.interface, out, &has_addresses);
    if (!err)
        out->must_ask = has_addresses && !is_known(fd, &hop);
    close(fd);
    return err;
}

/* Asked of the route itself (RTM_F_FIB_MATCH): what is made of it for one host has no prefix. */
static bool is_attached(int fd, const struct net_address *peer)
{
    static const uint16_t routers[] = { RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH };
    const struct net_path any = { 0 };
    struct request r = route_request(peer, &any);
    _Alignas(8) uint8_t room[ROOM];
    struct rtmsg got;
    size_t len = 0;

    r.u.route.rtm_flags = RTM_F_FIB_MATCH;
    if (ask(fd, &r, room, &len) < 0 || len < NLMSG_LENGTH(sizeof got))
        return false;
    memcpy(&got, room + NLMSG_HDRLEN, sizeof got);
    for (size_t i = 0; i < sizeof routers / sizeof *routers; i++)
        if (find(room, len, sizeof got, routers[i]).len > 0)
            return false;
    return got.rtm_dst_len >= SHORTEST_NETWORK;
}

bool next_hop_is_attached(const struct net_address *peer)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    bool attached = fd >= 0 && is_attached(fd, peer);

    if (fd >= 0)
        close(fd);
    return attached;
}
