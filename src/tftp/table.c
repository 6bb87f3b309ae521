/* SPDX-License-Identifier: MIT */
/* The table of a server's transfers: who has which slot, and what is remembered of those
 * that ended. */
#include "tftp/table.h"

#include <string.h>

#include "base/number.h"

/* A peer that ended so lately may still be talking of what ended. */
static const kedge_nanos just_ended = 30 * KEDGE_SEC;

enum { PAST_MIN = 1024 };

static uint32_t power_of_two(uint64_t least)
{
    uint32_t n = 16;

    while (n < least && n < UINT32_MAX / 2)
        n *= 2;
    return n;
}

/* Of peers that ended more are worth remembering than can be here at once. */
static uint32_t past_of(const struct tftp_limits *limits)
{
    return power_of_two(max_u64(PAST_MIN, 2 * (uint64_t)limits->room));
}

size_t tftp_sessions_memory(const struct tftp_limits *limits)
{
    size_t slots = (size_t)limits->room + TFTP_SPARE;

    return slots * (sizeof(struct tftp_session) + sizeof(struct deadline_entry) +
                    sizeof(uint32_t)) +
           past_of(limits) * (sizeof(struct tftp_ended) + sizeof(struct tftp_reach) +
                              sizeof(struct tftp_network)) +
           power_of_two(slots) * sizeof(uint32_t);
}

static void *carve(uint8_t **at, size_t bytes)
{
    void *here = *at;

    *at += bytes;
    return here;
}

void tftp_sessions_init(struct tftp_sessions *t, const struct tftp_limits *limits,
                        void *memory)
{
    uint8_t *at = memory; /* the parts are carved in falling order of alignment */
    uint32_t slots = limits->room + TFTP_SPARE;
    uint32_t buckets = power_of_two(slots);
    struct deadline_entry *heap;

    *t = (struct tftp_sessions){ .limits = *limits,
                                 .mask = buckets - 1,
                                 .past = past_of(limits) };
    t->all = carve(&at, slots * sizeof *t->all);
    t->ended = carve(&at, t->past * sizeof *t->ended);
    t->reach = carve(&at, t->past * sizeof *t->reach);
    heap = carve(&at, slots * sizeof *heap);
    t->network = carve(&at, t->past * sizeof *t->network);
    t->bucket = carve(&at, buckets * sizeof *t->bucket);
    deadlines_init(&t->deadlines, heap, carve(&at, slots * sizeof(uint32_t)), slots);
}

/* A keyed mix; not cryptographic, but its place in the table cannot be chosen from
 * outside without the key. */
static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53ULL;
    return h ^ h >> 33;
}

uint64_t hash_bytes(uint64_t key, struct kedge_span bytes)
{
    uint64_t h = key;
    uint64_t word = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        word = word << 8 | bytes.ptr[i];
        if (i % 8 == 7)
            h = mix(h ^ word) + key;
    }
    return mix(h ^ word ^ (uint64_t)bytes.len << 56);
}

uint64_t hash_peer(const struct tftp_sessions *t, uint32_t listener,
                   const struct tftp_peer *peer)
{
    struct kedge_span ip = { peer->ip, sizeof peer->ip };
    uint64_t rest = (uint64_t)listener << 48 ^ (uint64_t)peer->scope << 16 ^ peer->port;

    return mix(hash_bytes(t->limits.key, ip) ^ rest);
}

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

struct kedge_span network_prefix(const struct tftp_peer *peer)
{
    bool v4 = memcmp(peer->ip, mapped, sizeof mapped) == 0;

    return (struct kedge_span){ peer->ip, v4 ? 15 : 7 };
}

static bool same_peer(const struct tftp_session *s, uint32_t listener,
                      const struct tftp_peer *peer)
{
    return s->peer.port == peer->port && s->listener == listener &&
           s->peer.scope == peer->scope &&
           memcmp(s->peer.ip, peer->ip, sizeof peer->ip) == 0;
}

struct tftp_session *tftp_sessions_find(const struct tftp_sessions *t, uint32_t listener,
                                        const struct tftp_peer *peer)
{
    uint32_t i = t->bucket[hash_peer(t, listener, peer) & t->mask];

    while (i > 0 && !same_peer(&t->all[i - 1], listener, peer))
        i = t->all[i - 1].next;
    return i > 0 ? &t->all[i - 1] : NULL;
}

bool table_has_slot(const struct tftp_sessions *t)
{
    return t->free > 0 || t->fresh < t->limits.room + TFTP_SPARE;
}

/* The number + 1 of a slot that was free, or 0. */
static uint32_t take_slot(struct tftp_sessions *t)
{
    uint32_t i = t->free;

    if (i > 0)
        t->free = t->all[i - 1].next;
    else if (t->fresh < t->limits.room + TFTP_SPARE)
        i = ++t->fresh;
    return i;
}

struct tftp_session *table_add(struct tftp_sessions *t, uint32_t listener,
                               const struct tftp_peer *peer)
{
    uint32_t *head = &t->bucket[hash_peer(t, listener, peer) & t->mask];
    uint32_t i = take_slot(t);
    struct tftp_session *s;

    if (i == 0)
        return NULL;
    s = &t->all[i - 1];
    t->used++;
    *s = (struct tftp_session){ .peer = *peer, .listener = listener, .next = *head };
    s->linked = true;
    *head = i;
    return s;
}

void table_unlink(struct tftp_sessions *t, struct tftp_session *s)
{
    uint32_t me = tftp_session_number(t, s) + 1;
    uint32_t *at = &t->bucket[hash_peer(t, s->listener, &s->peer) & t->mask];
    uint32_t i;

    if (!s->linked)
        return;
    for (i = *at; i > 0 && i != me; i = *at)
        at = &t->all[i - 1].next;
    if (i == me)
        *at = s->next;
    s->linked = false;
}

const struct tftp_ended *table_ended(const struct tftp_sessions *t, uint32_t listener,
                                     const struct tftp_peer *peer)
{
    uint64_t who = hash_peer(t, listener, peer);
    const struct tftp_ended *e = &t->ended[who & (t->past - 1)];

    return e->who == who && e->at != 0 ? e : NULL;
}

bool table_tell(struct tftp_sessions *t, const struct tftp_arrival *in, kedge_nanos now)
{
    uint64_t who = hash_peer(t, in->listener, &in->peer);
    struct tftp_ended *e = &t->ended[who & (t->past - 1)];

    if (e->at != 0 && now - e->at < just_ended)
        return false;
    *e = (struct tftp_ended){ who, now, KEDGE_NEVER, in->socket };
    return true;
}

void table_remember(struct tftp_sessions *t, const struct tftp_session *s,
                    kedge_nanos now)
{
    uint64_t who = hash_peer(t, s->listener, &s->peer);
    kedge_nanos smallest = KEDGE_NEVER;

    if (s->state == TFTP_LIVE)
        smallest = s->machine.half.rtt.smallest;
    t->ended[who & (t->past - 1)] = (struct tftp_ended){ who, now, smallest, s->socket };
}

bool session_validated(const struct tftp_session *s)
{
    return s->state == TFTP_LIVE && s->machine.half.validated;
}

bool session_advanced(const struct tftp_session *s)
{
    return s->state == TFTP_LIVE && s->machine.half.base > 1;
}

uint32_t tftp_session_number(const struct tftp_sessions *t, const struct tftp_session *s)
{
    return (uint32_t)(s - t->all);
}

void count_up(uint8_t *n)
{
    if (*n < UINT8_MAX)
        ++*n;
}

void drop_datagram(struct tftp_sessions *t, struct tftp_event *out, enum tftp_drop why)
{
    t->dropped[why]++;
    out->verdict = TFTP_DROPPED;
}
