/* SPDX-License-Identifier: MIT */
/* The link addresses of clients, as this host's neighbour table has them, remembered for a
 * moment. It asks the kernel a bounded number of times in one turn, and no one else. */
#ifndef SERVE_STATUS_MACS_H
#define SERVE_STATUS_MACS_H

#include "serve/status/status.h"

enum {
    MACS_KEPT = 256,
    MACS_TURN = 32, /* questions in one turn */
};
#define MACS_FRESH (30 * KEDGE_SEC)

struct status_mac {
    uint8_t ip[16];
    uint32_t ifindex;
    kedge_nanos until;
    char text[STATUS_MAC]; /* "": there is none */
};

struct status_macs {
    int netlink; /* -1: there is none here */
    unsigned asked;
    struct status_mac kept[MACS_KEPT]; /* by hash of the address */
};

void status_macs_open(struct status_macs *m);
void status_macs_close(struct status_macs *m);

/* Another turn begins. */
void status_macs_turn(struct status_macs *m);

/* That of a client whose request came in by interface ifindex; "" where it is not known (yet). */
const char *status_macs_find(struct status_macs *m, const struct net_address *at,
                             uint32_t ifindex, kedge_nanos now);

#endif
