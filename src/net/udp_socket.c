/* SPDX-License-Identifier: MIT */
/* UDP sockets: opened, bound, adopted, and given their options and buffers. */
#include "net/udp.h"

#include "base/number.h"
#include "net/option.h"
#include "os/random.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <unistd.h>

enum { DISCARD_MAX = 65536 };

/* Which address was asked, errors by peer, and no DF: a route that shrinks in mid-path
 * fragments, and the transfer goes on. */
static const struct {
    int name, v6_name, value;
} wanted_options[] = {
    { IP_PKTINFO, IPV6_RECVPKTINFO, 1 },
    { IP_RECVERR, IPV6_RECVERR, 1 },
    { IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, IP_PMTUDISC_DONT },
};

static int set_options(int fd, bool v6)
{
    int err = option_set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);

    for (size_t i = 0; i < sizeof wanted_options / sizeof *wanted_options && !err; i++)
        err = option_set_ip(fd, v6, wanted_options[i].name, wanted_options[i].v6_name,
                            wanted_options[i].value);
    return err;
}

/* FORCE passes rmem_max but needs CAP_NET_ADMIN. */
uint32_t udp_receive_buffer(int fd, uint32_t wanted)
{
    int value = (int)min_u64(wanted ? wanted : UDP_RECEIVE_BUFFER, INT32_MAX / 2);

    if (option_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, value) < 0)
        (void)option_set(fd, SOL_SOCKET, SO_RCVBUF, value);
    if (option_get(fd, SOL_SOCKET, SO_RCVBUF, &value) < 0 || value < 0)
        return 0;
    return (uint32_t)value;
}

static int udp_bound_address(int fd, struct net_address *out)
{
    struct kedge_address any = { .len = sizeof any.storage };

    if (getsockname(fd, (struct sockaddr *)&any.storage, &any.len) < 0)
        return -errno;
    return net_address_from(&any, out) ? 0 : -EAFNOSUPPORT;
}

static int adopt(int fd, bool gro, uint32_t receive_buffer, struct udp_socket *out)
{
    struct net_address at = { 0 };
    int err = udp_bound_address(fd, &at);

    if (!err)
        err = option_blocking(fd, false);
    if (!err)
        err = set_options(fd, net_address_is_v6(&at));
    if (err)
        return err;
    *out = (struct udp_socket){ .fd = fd, .at = at };
    out->receive_buffer = udp_receive_buffer(fd, receive_buffer);
    out->gro = gro && option_set(fd, IPPROTO_UDP, UDP_GRO, 1) == 0;
    return 0;
}

/* True for an address that is one host's, and ours: who sends to it does so from it. A
 * broadcast address is refused, and from a multicast one nobody sends. */
static bool is_ours_alone(const struct net_address *at)
{
    int fd = socket(at->u.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct net_address from = { 0 };
    bool is = fd >= 0 && connect(fd, &at->u.any, at->len) == 0 &&
              udp_bound_address(fd, &from) == 0;

    if (fd >= 0)
        close(fd);
    net_address_set_port(&from, net_address_port(at));
    return is && !net_address_is_any(at) && net_address_equal(&from, at);
}

void udp_one_address(const struct udp_socket *s)
{
    if (!is_ours_alone(&s->at))
        return;
    (void)option_set_ip(s->fd, net_address_is_v6(&s->at), IP_PKTINFO, IPV6_RECVPKTINFO,
                        0);
}

int udp_adopt(int fd, bool gro, struct udp_socket *out)
{
    return adopt(fd, gro, 0, out);
}

static int bind_to(int fd, const struct net_address *at)
{
    return bind(fd, &at->u.any, at->len) < 0 ? -errno : 0;
}

/* From a random port of the range on: which ports are in use cannot be foreseen. */
static int bind_in_range(int fd, const struct udp_options *o)
{
    uint32_t size = (uint32_t)o->high - o->low + 1;
    uint32_t start = 0;
    struct net_address at = o->at;
    int err = -EADDRINUSE;

    if (random_fill(&start, sizeof start) < 0)
        start = 0;
    for (uint32_t i = 0; i < size && err == -EADDRINUSE; i++) {
        net_address_set_port(&at, (uint16_t)(o->low + (start % size + i) % size));
        err = bind_to(fd, &at);
    }
    return err;
}

static int new_socket(int family)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int err;

    if (fd < 0)
        return -errno;
    err = family == AF_INET6 ? option_set(fd, SOL_IPV6, IPV6_V6ONLY, 1) : 0;
    if (!err)
        return fd;
    close(fd);
    return err;
}

int udp_open(const struct udp_options *o, struct udp_socket *out)
{
    int err = 0;
    int fd;

    KEDGE_ASSERT(o->low <= o->high);
    if (o->fd > 0)
        return adopt(o->fd, o->gro, o->receive_buffer, out);
    fd = new_socket(o->at.u.any.sa_family);
    if (fd < 0)
        return fd;
    if (o->reuse_port)
        err = option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (!err)
        err = option_interface(fd, o->at.u.any.sa_family, o->interface);
    if (!err && o->free_bind)
        err = option_free_bind(fd, o->at.u.any.sa_family);
    if (!err)
        err = o->high ? bind_in_range(fd, o) : bind_to(fd, &o->at);
    if (!err)
        err = adopt(fd, o->gro, o->receive_buffer, out);
    if (err)
        close(fd);
    return err;
}

int udp_let_wait(const struct udp_socket *s, uint32_t ms)
{
    struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

    if (setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) < 0)
        return -errno;
    return option_blocking(s->fd, true);
}

void udp_close(struct udp_socket *s)
{
    close(s->fd);
    s->fd = -1;
}

int udp_share(const struct udp_socket *s)
{
    return option_set(s->fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

void udp_discard(const struct udp_socket *s)
{
    for (int i = 0; i < DISCARD_MAX; i++)
        if (recv(s->fd, NULL, 0, MSG_TRUNC | MSG_DONTWAIT) < 0)
            return;
}

void udp_stamp(const struct udp_socket *s)
{
    (void)option_set(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    (void)option_set_ip(s->fd, net_address_is_v6(&s->at), IP_RECVTTL, IPV6_RECVHOPLIMIT,
                        1);
    (void)option_set_ip(s->fd, net_address_is_v6(&s->at), IP_RECVTOS, IPV6_RECVTCLASS, 1);
}

bool udp_dropped(int fd, uint32_t *out)
{
    uint32_t all[SK_MEMINFO_VARS];
    socklen_t len = sizeof all;

    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, all, &len) < 0 || len < sizeof all)
        return false;
    *out = all[SK_MEMINFO_DROPS];
    return true;
}
