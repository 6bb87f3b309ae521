/* SPDX-License-Identifier: MIT */
/* Sockets for ICMP echo, of the unprivileged or the raw kind. */
#include "net/icmp.h"

#include "net/option.h"
#include "net/problem.h"
#include "net/timestamps.h"
#include "os/random.h"

#include <errno.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <string.h>
#include <unistd.h>

#define SEND_BUFFER (32 << 20)

#define IPV4_HEADER 20

/* A raw socket gets all ICMP of the host: let echo replies through, and what tells of
 * unreachable hosts by the error queue. */
static int set_filter(int fd, int family)
{
    struct icmp_filter v4 = { .data = ~(1u << ICMP_ECHOREPLY) };
    struct icmp6_filter v6;
    int n;

    if (family == AF_INET) {
        n = setsockopt(fd, SOL_RAW, ICMP_FILTER, &v4, sizeof v4);
    } else {
        memset(&v6, 0xff, sizeof v6);
        v6.data[ICMPV6_ECHO_REPLY >> 5] &= ~(1u << (ICMPV6_ECHO_REPLY & 31));
        n = setsockopt(fd, SOL_ICMPV6, ICMPV6_FILTER, &v6, sizeof v6);
    }
    return n < 0 ? -errno : 0;
}

static int set_options(const struct icmp_socket *s)
{
    int err = s->raw ? set_filter(s->fd, s->family) : 0;

    return err ? err : stamps_ask_more(s->fd, s->family);
}

/* An unprivileged socket's identifier is what it is bound to. */
static int set_identifier(struct icmp_socket *s, bool is_bound)
{
    struct net_address a = { .len =
                                 s->family == AF_INET6 ? sizeof a.u.v6 : sizeof a.u.v4 };

    if (s->raw)
        return random_fill(&s->identifier, sizeof s->identifier);
    a.u.any.sa_family = (sa_family_t)s->family;
    if ((!is_bound && bind(s->fd, &a.u.any, a.len) < 0) ||
        getsockname(s->fd, &a.u.any, &a.len) < 0)
        return -errno;
    s->identifier = net_address_port(&a);
    return 0;
}

static void say_icmp_error(struct kedge_error *error, int family, int code)
{
    const char *what = family == AF_INET6 ? "ICMPv6" : "ICMP";

    if (code == EPERM || code == EACCES)
        problem_system(error, code, what,
                       "this user may not send ICMP; allow all users: sysctl -w "
                       "net.ipv4.ping_group_range='0 2147483647', or this program: "
                       "setcap cap_net_raw+ep");
    else
        problem_system(error, code, what, "cannot open a socket");
}

static int prepare_icmp(struct icmp_socket *s, const struct net_path *path,
                        char what[NET_PATH_WHAT])
{
    int err = set_options(s);

    if (!err && path)
        err = net_path_apply(path, s->fd, false, what);
    if (err)
        return err;
    *what = 0;
    return set_identifier(s, path && path->source.len > 0);
}

/* What waits for the link address of a silent neighbour, for 3 s, counts against the socket: of
 * one whose room is full of that, packets to hosts that are there do not leave. The kernel's own
 * bound of each neighbour's queue stays. */
static void ask_send_buffer(int fd)
{
    if (option_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER) < 0)
        (void)option_set(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
}

int icmp_open(int family, const struct net_path *path, struct icmp_socket *out,
              struct kedge_error *error)
{
    char what[NET_PATH_WHAT] = "";
    int protocol = family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    struct icmp_socket s = { .family = family };
    int err;

    s.fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (s.fd < 0) {
        s.raw = true;
        s.fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    }
    err = s.fd < 0 ? -errno : prepare_icmp(&s, path, what);
    if (!err) {
        (void)udp_receive_buffer(s.fd, 0);
        ask_send_buffer(s.fd);
        *out = s;
        return 0;
    }
    if (s.fd >= 0)
        close(s.fd);
    if (*what)
        problem_system(error, -err, what, "cannot be used");
    else
        say_icmp_error(error, family, -err);
    return err;
}

void icmp_close(struct icmp_socket *s)
{
    close(s->fd);
    s->fd = -1;
}

int icmp_send(const struct icmp_socket *s, struct kedge_span message,
              const struct net_address *to)
{
    struct net_address bare = *to;

    /* A raw IPv6 socket takes the port for a protocol and refuses any but its own. */
    net_address_set_port(&bare, 0);
    if (sendto(s->fd, message.ptr, message.len, MSG_DONTWAIT, &bare.u.any, bare.len) < 0)
        return errno == EAGAIN ? -ENOBUFS : -errno; /* a ping socket says it so */
    return 0;
}

/* What follows the IPv4 header that a raw socket shows. Empty if it is cut. */
static struct kedge_span behind_header(struct kedge_span packet)
{
    size_t header = packet.len < IPV4_HEADER ? SIZE_MAX : (packet.ptr[0] & 15u) * 4;

    if (header < IPV4_HEADER || header > packet.len)
        return (struct kedge_span){ packet.ptr, 0 };
    return (struct kedge_span){ packet.ptr + header, packet.len - header };
}

int icmp_receive(const struct icmp_socket *s, uint8_t *buffer, size_t size,
                 struct icmp_in *out)
{
    struct stamps_in in = { .from = &out->peer };
    ssize_t n;

    do
        n = stamps_receive(s->fd, buffer, size, &in);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? 0 : -errno;
    net_address_set_port(&out->peer, 0);
    out->at_ns = in.at_ns;
    out->ttl = in.ttl;
    out->tos = in.tos;
    out->message = (struct kedge_span){ buffer, (size_t)n };
    if (s->raw && s->family == AF_INET)
        out->message = behind_header(out->message);
    return 1;
}
