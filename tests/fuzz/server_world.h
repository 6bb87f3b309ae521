/* SPDX-License-Identifier: MIT */
/* A server in its world: the table of sessions that is tried, who owns their files, and the
 * peers there are. And what must hold of it at any time. */
#ifndef FUZZ_SERVER_WORLD_H
#define FUZZ_SERVER_WORLD_H

#include "owner.h"
#include "tftp/sessions.h"

enum { ROOM_MAX = 6, PEERS = 7 };

struct world {
    struct tftp_sessions t;
    void *memory;
    struct owner owners[ROOM_MAX + TFTP_SPARE];
    bool ending[ROOM_MAX + TFTP_SPARE]; /* recorded; released when storage lets go */
    kedge_nanos now;
    kedge_nanos timeout; /* of transfers that negotiate none */
};

static inline uint32_t slots(const struct world *w)
{
    return w->t.limits.room + TFTP_SPARE;
}

/* Who may come, and from which network: they share its budget. */
struct peer_of {
    struct tftp_peer peer;
    unsigned network;
};
extern const struct peer_of peers[PEERS];

/* After every step. */
void check_table(const struct world *w);

/* Once all is over. */
void check_empty(const struct world *w);

#endif
