/* SPDX-License-Identifier: MIT */
/* How large the blocks and windows of a transfer may be: what is configured, what the
 * policy says of the client, and what the route carries. serve and explain ask it here, so
 * that they agree. It grants nothing: that is tftp/grant.c's. */
#ifndef SERVE_TFTP_LIMITS_H
#define SERVE_TFTP_LIMITS_H

#include "net/udp.h"

/* The largest block for a peer that asks for one of `asked` bytes: as configured (0: not),
 * else what a datagram to it carries without being cut up on its way. */
uint32_t limits_blksize(uint32_t configured, const struct net_route *route,
                        const struct net_address *peer, uint32_t asked);

/* How many bytes a window may have, whatever its blocks. */
uint32_t limits_window_bytes(uint32_t windowsize_max);

#endif
