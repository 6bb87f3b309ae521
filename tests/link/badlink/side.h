/* SPDX-License-Identifier: MIT */
/* The two ends: network namespaces, each with a TUN device. */
#ifndef BADLINK_SIDE_H
#define BADLINK_SIDE_H

#include "badlink.h"

/* Make the namespace if it is not there, and in it the device with its addresses. Dies
 * where that fails. The process itself stays in its namespace. */
void side_open(const struct badlink *b, struct side *s, int64_t mtu);

/* Remove the namespace if it was made here; with kill_on_exit, end what runs in it first:
 * SIGTERM, up to a second of grace, SIGKILL. */
void side_close(const struct badlink *b, const struct side *s);

/* Packets that the sender's kernel dropped because the device's ring was full. */
uint64_t side_ring_drops(const struct badlink *b, const struct side *s);

#endif
