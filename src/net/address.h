/* SPDX-License-Identifier: MIT */
/* An IP address with a port, in 32 bytes: what a datagram socket of this house talks to.
 * Only IPv4 and IPv6; a v4-mapped IPv6 address does not occur (sockets of the two
 * families are apart). For other kinds of socket see struct kedge_address. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "kedge/endpoint.h"

#include <netinet/in.h>

struct net_address {
    union {
        struct sockaddr any; /* any.sa_family: AF_INET or AF_INET6 */
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } u;
    socklen_t len; /* 0: no address */
};

/* "255.255.255.255:65535", "[v6%scope]:65535", with the NUL. */
#define NET_ADDRESS_TEXT 80

/* Same family, address, scope and port. */
bool net_address_equal(const struct net_address *a, const struct net_address *b);
/* The same, but for the port. */
bool net_address_same_host(const struct net_address *a, const struct net_address *b);

uint16_t net_address_port(const struct net_address *a);
void net_address_set_port(struct net_address *a, uint16_t port);

bool net_address_is_v6(const struct net_address *a);
bool net_address_is_any(const struct net_address *a);
bool net_address_is_multicast(const struct net_address *a);
/* 255.255.255.255. A subnet's own broadcast is known only at receipt: udp_in.spread. */
bool net_address_is_broadcast(const struct net_address *a);
bool net_address_is_link_local(const struct net_address *a); /* fe80::/10 */

/* host:port, or [host%scope]:port; returns out. "-" when there is no address. */
const char *net_address_print(const struct net_address *a, char out[NET_ADDRESS_TEXT]);
/* The host alone, without brackets; returns out. */
const char *net_address_print_host(const struct net_address *a,
                                   char out[NET_ADDRESS_TEXT]);

/* From a numeric host ("192.0.2.1", "fe80::1%eth0", without brackets) and a port. No
 * name is resolved. False if it is not one; *out is then as it was. */
KEDGE_MUST_CHECK bool net_address_parse(const char *host, uint16_t port,
                                        struct net_address *out);

/* From and to the address of any socket; false if it is not IPv4 or IPv6. */
KEDGE_MUST_CHECK bool net_address_from(const struct kedge_address *any,
                                       struct net_address *out);
struct kedge_address net_address_to(const struct net_address *a);

/* The fields a protocol core works with: 16 bytes of address (IPv4 as ::ffff:a.b.c.d),
 * the scope of a link-local one (else 0), the port as a number. */
struct net_raw {
    uint8_t ip[16];
    uint32_t scope;
    uint16_t port;
};
struct net_raw net_address_raw(const struct net_address *a);
struct net_address net_address_from_raw(const uint8_t ip[16], uint32_t scope,
                                        uint16_t port);

#endif
