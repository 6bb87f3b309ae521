/* SPDX-License-Identifier: MIT */
/* A window of DATA packets, read from a file and sent in batches. */
#include "transfer/data_packets.h"

unsigned channel_send(struct channel *c, const struct data_packets *packets,
                      size_t stride)
{
    struct udp_gso_batch train = { .packets = { packets->memory, packets->len },
                                   .pieces = packets->lent ? packets->pieces : NULL,
                                   .stride = stride,
                                   .peer = &c->peer,
                                   .local = &c->local,
                                   .gso = c->gso };
    unsigned done = udp_send_gso(c->fd, &train);

    c->gso = train.gso;
    return done;
}
