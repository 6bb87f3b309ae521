/* SPDX-License-Identifier: MIT */
/* Counts in a table of chains: one that comes to 0 is free again. */
#include "serve/tftp/policy_shares.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "os/random.h"
#include "tftp/table.h"

#include <stdlib.h>
#include <string.h>

enum { CHAIN = 4 }; /* shares in each, if all are there */

static const uint32_t none = UINT32_MAX;

struct policy_share {
    struct policy_share_key key;
    uint32_t count;
    uint32_t next;
};

/* Where a chain begins, and the key of the hash, which stays secret. */
struct policy_share_chains {
    struct hash_key key;
    uint32_t count;
    uint32_t first[];
};

void policy_shares_init(struct policy_shares *s)
{
    *s = (struct policy_shares){ .all = NULL };
    pthread_mutex_init(&s->lock, NULL);
}

void policy_shares_free(struct policy_shares *s)
{
    free(s->all);
    free(s->chains);
    s->all = NULL;
    s->chains = NULL;
    pthread_mutex_destroy(&s->lock);
}

static struct policy_share_chains *chains_new(uint32_t count)
{
    struct policy_share_chains *c = malloc(sizeof *c + count * sizeof *c->first);

    if (!c)
        return NULL;
    c->count = count;
    for (uint32_t i = 0; i < count; i++)
        c->first[i] = none;
    return c;
}

bool policy_shares_open(struct policy_shares *s, uint32_t room)
{
    s->chains = chains_new(room / CHAIN + 1);
    s->all = calloc(room, sizeof *s->all);
    s->room = room;
    s->fresh = 0;
    s->free = none;
    return s->chains && s->all &&
           random_fill(&s->chains->key, sizeof s->chains->key) == 0;
}

bool policy_share_is_one(const struct policy_section *s)
{
    return s->kind == POLICY_CLIENT && s->match.kind == POLICY_ADDRESS;
}

struct policy_share_key policy_share_key(uint32_t number, const struct policy_section *s,
                                         const struct net_address *client)
{
    struct policy_share_key key = { .section = number };
    struct net_raw raw = net_address_raw(client);
    struct tftp_peer peer = { .port = 0 };
    struct kedge_span prefix;

    if (policy_share_is_one(s))
        return key;
    memcpy(peer.ip, raw.ip, sizeof peer.ip);
    prefix = network_prefix(&peer);
    key.scope = raw.scope;
    memcpy(key.network, prefix.ptr, prefix.len);
    return key;
}

static uint32_t *chain_of(struct policy_shares *s, const struct policy_share_key *key)
{
    struct kedge_span bytes = { (const uint8_t *)key, sizeof *key };

    return &s->chains->first[hash_keyed(&s->chains->key, bytes) % s->chains->count];
}

/* The link that leads to it; or, at the end of its chain, to none. */
static uint32_t *find_share(struct policy_shares *s, const struct policy_share_key *key)
{
    uint32_t *at = chain_of(s, key);

    while (*at != none && memcmp(&s->all[*at].key, key, sizeof *key) != 0)
        at = &s->all[*at].next;
    return at;
}

/* none: there are too many. */
static uint32_t take_free(struct policy_shares *s)
{
    uint32_t number = s->free;

    if (number != none)
        s->free = s->all[number].next;
    else if (s->fresh < s->room)
        number = s->fresh++;
    return number;
}

static enum policy_entry share_enter(struct policy_shares *s,
                                     const struct policy_share_key *key, uint64_t most)
{
    uint32_t *at = find_share(s, key);

    if (most == 0)
        return POLICY_SHARE_FULL;
    if (*at == none) {
        *at = take_free(s);
        if (*at == none)
            return POLICY_SHARES_FULL;
        s->all[*at] = (struct policy_share){ .key = *key, .next = none };
    }
    if (s->all[*at].count >= most)
        return POLICY_SHARE_FULL;
    s->all[*at].count++;
    return POLICY_ENTERED;
}

enum policy_entry policy_shares_enter(struct policy_shares *s,
                                      const struct policy_share_key *key, uint64_t most)
{
    enum policy_entry entered = POLICY_ENTERED;

    pthread_mutex_lock(&s->lock);
    entered = share_enter(s, key, most);
    pthread_mutex_unlock(&s->lock);
    return entered;
}

void policy_shares_leave(struct policy_shares *s, const struct policy_share_key *key)
{
    uint32_t *at = NULL;
    struct policy_share *one = NULL;

    pthread_mutex_lock(&s->lock);
    at = find_share(s, key);
    KEDGE_ASSERT(*at != none);
    one = &s->all[*at];
    if (--one->count == 0) {
        uint32_t number = *at;

        *at = one->next;
        one->next = s->free;
        s->free = number;
    }
    pthread_mutex_unlock(&s->lock);
}
