#include "transfer/data_packets.h"

unsigned channel_send(struct channel *c, const struct frames *frames, size_t stride)
{
    struct udp_train train = { .frames = { frames->memory, frames->len },
                               .pieces = frames->lent ? frames->pieces : NULL,
                               .stride = stride,
                               .peer = &c->peer,
                               .local = &c->local,
                               .gso = c->gso };
    unsigned done = udp_send_train(c->fd, &train);

    c->gso = train.gso;
    return done;
}
