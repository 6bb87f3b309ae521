/* SPDX-License-Identifier: MIT */
/* Sockets for ICMP echo: the unprivileged datagram kind where the kernel allows it to
 * this user, else a raw one. Messages are sent and received whole, from the ICMP header
 * on (what the IPv4 raw socket puts before it is taken away here). It does not build or
 * parse them: that is echo/icmp_message. */
#ifndef NET_ICMP_H
#define NET_ICMP_H

#include "net/path.h"

struct icmp_socket {
    int fd;
    int family; /* AF_INET or AF_INET6 */
    bool raw;   /* else the kernel sets the identifier and the checksum, and gives us
                   only answers to our own */
    uint16_t identifier; /* to send with, and to look for in replies */
};

struct icmp_in {
    struct kedge_span message; /* from the ICMP header on, in the caller's buffer */
    struct net_address peer;   /* port 0 */
    uint64_t at_ns;            /* when it came; 0 where stamps_open() was not called */
    int ttl, tos;              /* as received; -1 unknown */
};

/* Non-blocking; path may be NULL. 0, or -errno with *error saying what to do:
 * net.ipv4.ping_group_range, or CAP_NET_RAW. */
KEDGE_MUST_CHECK int icmp_open(int family, const struct net_path *path,
                               struct icmp_socket *out, struct kedge_error *error);
void icmp_close(struct icmp_socket *s);

/* 0 or -errno; ENOBUFS where what waits before it fills the socket. On an IPv6 socket and on an unprivileged one the kernel writes the
 * checksum. */
KEDGE_MUST_CHECK int icmp_send(const struct icmp_socket *s, struct kedge_span message,
                               const struct net_address *to);

/* One message. 1, 0 when nothing is there, -errno. On a raw socket other programs'
 * replies come too: the caller looks at the identifier. */
KEDGE_MUST_CHECK int icmp_receive(const struct icmp_socket *s, uint8_t *buffer,
                                  size_t size, struct icmp_in *out);

#endif
