/* SPDX-License-Identifier: MIT */
/* A sender's window on its way out: frames of a file to one peer through one socket. */
#ifndef TRANSFER_DATA_PACKETS_H
#define TRANSFER_DATA_PACKETS_H

#include "net/udp.h"
#include "transfer/block_reader.h"

/* One peer as seen from one socket. */
struct channel {
    int fd;
    struct net_address peer;
    struct net_local local;
    bool gso; /* not (yet) refused here */
};

/* Send frames. Returns how many blocks are done: all, or fewer when the socket is full. A
 * datagram that the kernel would not take counts as sent: the network may lose any. */
unsigned channel_send(struct channel *c, const struct data_packets *packets,
                      size_t stride);

#endif
