/* SPDX-License-Identifier: MIT */
/* A forger of addresses. */
#include "forger.h"

enum { VICTIMS_APART = 64 }; /* another network each */

static const kedge_nanos request_every = 100 * KEDGE_MSEC;
static const kedge_nanos round_over = 40 * KEDGE_SEC; /* longer than any patience */

static void ask(struct world *w, struct actor *a)
{
    struct forger *f = a->self;

    f->asked++;
    actor_send(w, a, REQUEST_PORT, f->request);
    actor_wait(w, a, w->now + request_every);
}

/* To other ports each time, none of them twice. */
static void acknowledge(struct world *w, struct actor *a)
{
    struct forger *f = a->self;
    uint64_t block = f->forgery == FORGES_STREAM ? (uint64_t)f->said * f->window : 0;
    uint8_t ack[] = { 0, KEDGE_TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block };
    struct kedge_span bytes = { ack, sizeof ack };
    uint64_t first = dice_below(&w->dice, f->all);

    f->said++;
    if (f->ports == 0)
        actor_send(w, a, REQUEST_PORT, bytes);
    for (unsigned i = 0; i < f->ports; i++)
        actor_send(w, a, (uint16_t)((first + i) % f->all), bytes);
}

static void begin_next_round(struct world *w, struct actor *a)
{
    struct forger *f = a->self;

    if (--f->rounds == 0)
        return;
    f->asked = f->said = 0;
    a->address += VICTIMS_APART;
    actor_wait(w, a, w->now + round_over);
}

static void go_on(struct world *w, struct actor *a)
{
    struct forger *f = a->self;

    a->open = true;
    if (f->asked < f->requests) {
        ask(w, a);
        return;
    }
    if (f->forgery != FORGES_REQUESTS)
        acknowledge(w, a);
    if (f->forgery == FORGES_REQUESTS || f->forgery == FORGES_ONCE || f->said >= f->acks)
        begin_next_round(w, a);
    else
        actor_wait(w, a, w->now + f->every);
}

/* The victim hears it, and says nothing. */
static void hear(struct world *w, struct actor *a, const struct datagram *d,
                 struct kedge_span bytes)
{
    (void)w;
    (void)a;
    (void)d;
    (void)bytes;
}

static const struct actor_kind forger_kind = {
    .name = "forger", .start = go_on, .packet = hear, .timer = go_on
};

struct actor *forger_add(struct world *w, struct forger *f, kedge_nanos start)
{
    struct actor *a = world_add(w, &forger_kind, f, start);

    a->up.params.delay = a->down.params.delay = KEDGE_MSEC;
    a->file.size = 20 << 20;
    return a;
}
