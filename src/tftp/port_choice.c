/* SPDX-License-Identifier: MIT */
/* Data ports by a keyed hash of the peer's address. */
#include "tftp/port_choice.h"

#include "base/bytes.h"
#include "base/hash.h"

/* An address has few ports, so that what leaves for one host leaves in batches: a random one
 * for each transfer cost a third more. By address and not by network, or a neighbour would
 * learn them from its own transfers. */
enum { TURNS = 4 };

/* What was learnt of an address is worth nothing after that. */
static const kedge_nanos epoch = 600 * KEDGE_SEC;

enum { QUESTION = 16 + 8 + 3 * 4 };

static uint32_t port_of_turn(const struct tftp_sessions *t, const struct tftp_arrival *in,
                             uint32_t turn, kedge_nanos now)
{
    uint8_t question[QUESTION];
    struct writer w = { .ptr = question, .room = sizeof question };

    put(&w, (struct kedge_span){ in->peer.ip, sizeof in->peer.ip });
    put_u64(&w, now / epoch);
    put_u32(&w, in->peer.scope);
    put_u32(&w, in->listener);
    put_u32(&w, turn);
    return (uint32_t)(hash_keyed(&t->limits.secret, written(&w)) % t->limits.sockets);
}

uint32_t port_choose(struct tftp_sessions *t, const struct tftp_arrival *in, bool had,
                     uint32_t last, kedge_nanos now)
{
    for (unsigned i = 0; i < TURNS; i++) {
        uint32_t socket = port_of_turn(t, in, t->turn++ % TURNS, now);
        if (!had || socket != last)
            return socket;
    }
    return (last + 1) % t->limits.sockets;
}
