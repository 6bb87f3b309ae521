/* SPDX-License-Identifier: MIT */
/* What the kernel knows of the first step towards a host: by which interface, how large
 * its packets may be, and whether the next hop has to be asked for its link address first
 * (ARP, neighbour discovery), which takes a while. It sends nothing. */
#ifndef NET_NEXT_HOP_H
#define NET_NEXT_HOP_H

#include "net/path.h"

struct next_hop {
    char interface[NET_INTERFACE_NAME];
    int mtu;       /* of the interface */
    bool must_ask; /* the next hop's link address is needed, and not known now */
};

/* 0; or -errno (ENETUNREACH: no route), and then *out is not to be read. */
KEDGE_MUST_CHECK int next_hop_to(const struct net_address *peer,
                                 const struct net_path *path, struct next_hop *out);

/* Whether this host is on the peer's own network: the route to it names no router, and is no
 * default route, as one into a tunnel is. False too where the kernel does not say. */
KEDGE_MUST_CHECK bool next_hop_is_attached(const struct net_address *peer);

#endif
