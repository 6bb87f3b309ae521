/* SPDX-License-Identifier: MIT */
/* A scripted client. */
#include "talker.h"

#include "base/number.h"

enum { BLKSIZE = 512 };

static const kedge_nanos pace = 3 * KEDGE_MSEC;

static void say_ack(struct world *w, struct actor *a, uint64_t block)
{
    const struct talker *t = a->self;
    uint8_t ack[] = { 0, KEDGE_TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block };

    actor_send(w, a, t->socket, (struct kedge_span){ ack, sizeof ack });
}

/* Block 0 is the first one too, of a client that counts from there. */
static void say_block(struct world *w, struct actor *a, uint64_t block)
{
    const struct talker *t = a->self;
    struct datagram body = { .file = a->file.content,
                             .offset = sub_sat(block, 1) * BLKSIZE };

    body.body_len = (uint32_t)min_u64(BLKSIZE, sub_sat(a->file.size, body.offset));
    actor_send_block(w, a, t->socket, (uint16_t)block, &body);
}

/* One of a range. True: it was the last. */
static bool say_next(struct world *w, struct actor *a, const struct talk *k)
{
    struct talker *t = a->self;
    uint64_t block = k->first + t->said++;

    if (k->kind == TELL_ACKS)
        say_ack(w, a, block);
    else
        say_block(w, a, block);
    if (block < k->last)
        return false;
    t->said = 0;
    return true;
}

/* True: the step is over. */
static bool step(struct world *w, struct actor *a, const struct talk *k)
{
    const struct talker *t = a->self;

    switch (k->kind) {
    case TELL_REQUEST:
        actor_send(w, a, REQUEST_PORT, k->bytes);
        return true;
    case TELL:
        actor_send(w, a, t->socket, k->bytes);
        return true;
    case TELL_OTHER:
        actor_send(w, a, t->socket ? 0 : 1, k->bytes);
        return true;
    case TAKE_PORT:
        a->port++;
        return true;
    case CLOSE:
        a->open = false;
        a->tells_closed = true;
        return true;
    case CUT:
        a->icmp = (uint8_t)k->icmp;
        return true;
    default:
        return say_next(w, a, k);
    }
}

static void go_on(struct world *w, struct actor *a)
{
    struct talker *t = a->self;

    a->open = true;
    if (t->at >= t->count)
        return;
    if (!step(w, a, &t->talks[t->at]))
        actor_wait(w, a, w->now + pace);
    else if (++t->at < t->count)
        actor_wait(w, a, w->now + t->talks[t->at].after);
}

static void heed(struct world *w, struct actor *a, const struct datagram *d,
                 struct kedge_span bytes)
{
    struct talker *t = a->self;

    (void)w;
    (void)bytes;
    t->socket = d->socket;
}

static const struct actor_kind talker_kind = {
    .name = "talker", .start = go_on, .packet = heed, .timer = go_on
};

struct actor *talker_add(struct world *w, struct talker *t, uint64_t size)
{
    struct actor *a = world_add(w, &talker_kind, t, w->now + t->talks[0].after);

    a->up.params.delay = a->down.params.delay = KEDGE_MSEC;
    a->file.size = size;
    return a;
}
