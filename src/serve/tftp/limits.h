/* SPDX-License-Identifier: MIT */
/* How large the blocks and windows of a transfer may be: what is configured, what the
 * policy says of the client, and what the route carries. serve and explain ask it here, so
 * that they agree. It grants nothing: that is tftp/grant.c's. */
#ifndef SERVE_TFTP_LIMITS_H
#define SERVE_TFTP_LIMITS_H

#include "net/udp.h"

/* The largest block that is configured. */
struct limits_block {
    uint32_t most;  /* 0: what a datagram carries without being cut up on its way, ... */
    uint32_t slack; /* ... less so many bytes */
};

/* The largest block for a peer that asks for one of `asked` bytes. */
uint32_t limits_blksize(struct limits_block configured, const struct net_route *route,
                        const struct net_address *peer, uint32_t asked);

/* How many bytes a window may have, whatever its blocks; at most `configured`, if that is not
 * 0. */
uint32_t limits_window_bytes(uint32_t windowsize_max, uint32_t configured);

#endif
