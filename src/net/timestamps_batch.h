/* SPDX-License-Identifier: MIT */
/* Small datagrams of a dialled socket, many in one system call. The kernel stamps all that
 * are sent, or only the first (timestamps.h); each that is received comes with its own
 * timestamp, TTL and traffic class. */
#ifndef NET_TIMESTAMPS_BATCH_H
#define NET_TIMESTAMPS_BATCH_H

#include "net/timestamps.h"

#define STAMPS_MANY 32
#define STAMPS_SMALL 2048  /* the largest that is sent so */
#define STAMPS_CONTROL 256 /* what comes with a datagram */

/* Memory of what waits to be sent; the caller fills bytes and lengths. */
struct stamps_out {
    uint32_t count;
    size_t lengths[STAMPS_MANY];
    uint8_t bytes[STAMPS_MANY][STAMPS_SMALL];
};

/* Send those from `from` on. all: as stamps_departures was told last; if not, the first
 * alone asks for a stamp. How many left, at least one; or -errno of the first. */
KEDGE_MUST_CHECK int stamps_send_many(int fd, const struct stamps_out *out, uint32_t from,
                                      bool all);

struct stamps_got {
    struct stamps_in in[STAMPS_MANY];
    size_t lengths[STAMPS_MANY]; /* of a longer one as much as there is room */
    uint8_t bytes[STAMPS_MANY][2 * STAMPS_SMALL];
};

/* How many came; or -errno. */
KEDGE_MUST_CHECK int stamps_receive_many(int fd, struct stamps_got *got);

#endif
