/* SPDX-License-Identifier: MIT */
/* How many transfers run of each section that bounds them (max-transfers): of a section for one
 * address or prefix together, of any other for each network of clients by itself, so that none
 * takes what another would have. It bounds nothing by itself. Any number of threads may use one. */
#ifndef SERVE_TFTP_POLICY_SHARES_H
#define SERVE_TFTP_POLICY_SHARES_H

#include "net/address.h"
#include "policy/policy.h"

#include <pthread.h>

struct policy_share;
struct policy_share_chains;

struct policy_shares {
    pthread_mutex_t lock;     /* guards what follows */
    struct policy_share *all; /* owned; NULL: nothing is counted yet */
    struct policy_share_chains *chains;
    uint32_t room;
    uint32_t fresh; /* never used from here on */
    uint32_t free;  /* the first of those that were */
};

void policy_shares_init(struct policy_shares *s);
void policy_shares_free(struct policy_shares *s);

/* From now on it counts, `room` shares at once: as many as transfers may run, so that none is
 * without. False: no memory, or no random key. */
KEDGE_MUST_CHECK bool policy_shares_open(struct policy_shares *s, uint32_t room);

/* Which count: of the section with that number, and of the client's network (a /24, or a /56 of
 * IPv6), if the section is not for one address or prefix. */
struct policy_share_key {
    uint32_t section;
    uint32_t scope;
    uint8_t network[16];
};

struct policy_share_key policy_share_key(uint32_t number, const struct policy_section *s,
                                         const struct net_address *client);

enum policy_entry {
    POLICY_ENTERED,
    POLICY_SHARE_FULL, /* there are as many as there may be */
    POLICY_SHARES_FULL /* there is no room to count it */
};

/* One more, unless that makes more than `most`. */
KEDGE_MUST_CHECK enum policy_entry policy_shares_enter(struct policy_shares *s,
                                                       const struct policy_share_key *key,
                                                       uint64_t most);
void policy_shares_leave(struct policy_shares *s, const struct policy_share_key *key);

/* Do all clients of the section share one count? */
bool policy_share_is_one(const struct policy_section *s);

#endif
