/* SPDX-License-Identifier: MIT */
/* What the kernel knows of the first step towards a host: by which interface, how large
 * its packets may be, and whether the next hop has to be asked for its link address first
 * (ARP, neighbour discovery), which takes a while. It sends nothing, but for
 * next_hop_resolve(). */
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

enum next_hop_mac {
    NEXT_HOP_NO_MAC,      /* behind a router, of this host, or of a link without MACs */
    NEXT_HOP_MAC_PENDING, /* on an attached network, and not in the neighbour table now */
    NEXT_HOP_MAC_KNOWN,
    NEXT_HOP_MAC_FAILED, /* the kernel could not be asked: errno */
};

/* The peer's own MAC address by the kernel's neighbour table. interface is where the peer
 * was heard (0: not known, then the route chooses). mac is written if it is KNOWN. Whoever
 * shares the network can forge it. The kernel may hold its lock: not for a loop. */
enum next_hop_mac next_hop_mac(const struct net_address *peer, unsigned interface,
                               uint8_t mac[6]);

/* Make the kernel ask for the peer's link address, by an empty datagram to its discard port
 * (RFC 863). Nothing waits for the answer, and a failure is not told. */
void next_hop_resolve(const struct net_address *peer, unsigned interface);

#endif
