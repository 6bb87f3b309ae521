/* SPDX-License-Identifier: MIT */
/* The server under the fuzzers, with the owner of its files and its peers. */
#include "server_world.h"

#include <string.h>

enum { NETWORKS = 4 };

/* Two of one /24 and one of another, two ports of one host, two of one /56, and one of a
 * link. */
const struct peer_of peers[PEERS] = {
    { { { [10] = 255, 255, 10, 0, 0, 1 }, 0, 1000 }, 0 },
    { { { [10] = 255, 255, 10, 0, 0, 1 }, 0, 1001 }, 0 },
    { { { [10] = 255, 255, 10, 0, 0, 2 }, 0, 1000 }, 0 },
    { { { [10] = 255, 255, 10, 0, 1, 1 }, 0, 1000 }, 1 },
    { { { 0x20, 1, 0xd, 0xb8, 0, 0, 1, 1, [15] = 1 }, 0, 2000 }, 2 },
    { { { 0x20, 1, 0xd, 0xb8, 0, 0, 1, 2, [15] = 2 }, 0, 2000 }, 2 },
    { { { 0xfe, 0x80, [15] = 9 }, 3, 2000 }, 3 },
};

static unsigned network_of(const struct tftp_peer *peer)
{
    unsigned i = 0;

    while (i < PEERS && (memcmp(peers[i].peer.ip, peer->ip, sizeof peer->ip) != 0 ||
                         peers[i].peer.port != peer->port))
        i++;
    MUST(i < PEERS);
    return peers[i].network;
}

static bool validated(const struct tftp_session *s)
{
    return s->state == TFTP_LIVE && (s->machine.half.validated);
}

static void check_session(const struct world *w, const struct tftp_session *s)
{
    bool ends = w->ending[tftp_session_number(&w->t, s)];

    MUST(s->socket < w->t.limits.sockets && s->listener < 2);
    if (s->linked)
        MUST(tftp_sessions_find(&w->t, s->listener, &s->peer) == s && !ends);
    /* What was replaced while a helper opens its file keeps its slot, and its charge. */
    MUST(!s->charged || s->linked || s->state == TFTP_OPENING);
    MUST(!s->linked || s->charged || validated(s) || s->state == TFTP_WAITING);
}

void check_table(const struct world *w)
{
    unsigned charged[NETWORKS] = { 0 };
    uint32_t used = 0;

    for (uint32_t i = 0; i < slots(w); i++) {
        const struct tftp_session *s = &w->t.all[i];

        if (s->state == TFTP_FREE)
            continue;
        used++;
        check_session(w, s);
        charged[network_of(&s->peer)] += s->charged;
    }
    MUST(used == w->t.used);
    for (unsigned i = 0; i < NETWORKS; i++)
        MUST(charged[i] <= w->t.limits.unvalidated_max);
}

void check_empty(const struct world *w)
{
    uint32_t free = 0;

    for (uint32_t i = w->t.free; i > 0; i = w->t.all[i - 1].next)
        MUST(++free <= w->t.fresh);
    MUST(free == w->t.fresh && w->t.used == 0);
    MUST(tftp_sessions_deadline(&w->t) == KEDGE_NEVER);
    MUST(w->t.unvalidated.oldest + w->t.ready.oldest == 0);
    for (uint32_t i = 0; i < w->t.past; i++)
        MUST(w->t.network[i].unvalidated + w->t.network[i].transfers +
                 w->t.network[i].uploads + w->t.network[i].waiting.oldest ==
             0);
    for (uint32_t i = 0; i <= w->t.mask; i++)
        MUST(w->t.bucket[i] == 0);
}
