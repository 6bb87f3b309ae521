/* SPDX-License-Identifier: MIT */
/* One entry of the kernel's neighbour table (ARP, neighbour discovery): the link address of
 * a host at the other end of a wire. It looks, and makes no entry. */
#ifndef NET_NEIGHBOUR_H
#define NET_NEIGHBOUR_H

#include "net/address.h"

#include "base/bytes.h"

#define NEIGHBOUR_LINK_MAX 32 /* bytes of the longest link address there is */

struct neighbour {
    bool usable;                      /* the kernel would send to it at once */
    uint8_t link_bytes;               /* 0: of a kind of link without such addresses */
    uint8_t link[NEIGHBOUR_LINK_MAX]; /* its first link_bytes */
};

/* Read an answer to RTM_GETNEIGH, its header too. False: it is cut short or of another kind,
 * and *out is not to be read. */
KEDGE_MUST_CHECK bool neighbour_parse(struct kedge_span message, struct neighbour *out);

/* Ask for the entry of address `at` on an interface, on a socket of netlink_open(). 0; or
 * -errno (ENOENT: there is none). */
KEDGE_MUST_CHECK int neighbour_ask(int fd, unsigned interface,
                                   const struct net_address *at, struct neighbour *out);

#endif
