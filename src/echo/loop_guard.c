/* SPDX-License-Identifier: MIT */
/* The rules by which an echo service stays silent, so that two of them never loop. */
#include "echo/loop_guard.h"

#include "echo/stamp.h"

#include <string.h>

#define WAYS 4 /* slots in which one mark may stand */

/* Ports whose services answer whatever comes: echo, daytime, quote, chargen, time, DNS,
 * TFTP, portmapper, NTP, NetBIOS, SNMP, LDAP, SSDP, NFS; and 0, which is no sender. */
static const uint16_t answering[] = { 0,   7,   13,  17,  19,  37,   53,  69,
                                      111, 123, 137, 161, 389, 1900, 2049 };
#define ANSWERING_MAX 2049

void guard_init(struct guard *g, uint64_t seed, struct kedge_span own_text)
{
    memset(g, 0, sizeof *g);
    g->seed = seed;
    g->own_text = own_text;
    for (size_t i = 0; i < GUARD_SLOTS; i++)
        g->slots[i].start = KEDGE_NEVER;
}

void guard_own_port(struct guard *g, uint16_t port)
{
    g->ports[port / 8] = (uint8_t)(g->ports[port / 8] | 1u << port % 8);
}

static bool is_own(const struct guard *g, uint16_t port)
{
    return g->ports[port / 8] >> port % 8 & 1;
}

static bool answers_by_itself(uint16_t port)
{
    /* Clients' ports are above them all. */
    for (size_t i = 0; port <= ANSWERING_MAX && i < sizeof answering / sizeof *answering;
         i++)
        if (answering[i] == port)
            return true;
    return false;
}

/* ---- marks: a keyed hash, of 32 bytes a step in four lanes that do not wait for each
 * other. It need not resist more than chance: who finds two payloads with one mark gains
 * one missing answer a second. */

#define MIX_A 0x9e3779b97f4a7c15u
#define MIX_B 0xd6e8feb86659fd93u

static uint64_t load_u64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * MIX_A;
    return (h ^ h >> 29) * MIX_B;
}

static uint64_t extension_tail(uint64_t h, struct kedge_span s)
{
    uint8_t last[8] = { 0 };

    while (s.len >= 8) {
        h = mix(h, load_u64(s.ptr));
        s.ptr += 8;
        s.len -= 8;
    }
    if (s.len > 0)
        memcpy(last, s.ptr, s.len);
    return mix(h, load_u64(last));
}

static uint64_t mark_of(uint64_t seed, struct kedge_span s)
{
    uint64_t lanes[4] = { seed, seed ^ MIX_A, seed ^ MIX_B, seed + s.len };

    if (s.len < 32)
        return extension_tail(lanes[3], s);
    while (s.len >= 32) {
        for (size_t i = 0; i < 4; i++)
            lanes[i] = mix(lanes[i], load_u64(s.ptr + 8 * i));
        s.ptr += 32;
        s.len -= 32;
    }
    return extension_tail(mix(mix(lanes[0], lanes[1]), mix(lanes[2], lanes[3])), s);
}

/* ---- slots ---- */

static bool slot_is_over(const struct guard_slot *s, kedge_nanos now)
{
    return s->start == KEDGE_NEVER || now - s->start >= GUARD_WINDOW;
}

static size_t set_of(uint64_t mark)
{
    return mark % (GUARD_SLOTS / WAYS) * WAYS;
}

uint64_t guard_look(const struct guard *g, const struct guard_datagram *d)
{
    uint64_t mark = mark_of(mark_of(g->seed, d->peer), d->payload);
    const struct guard_slot *set = &g->slots[set_of(mark)];

    __builtin_prefetch(set, 1);
    __builtin_prefetch(&set[WAYS - 1], 1);
    return mark;
}

/* The slot of this mark; a new one takes the place of one that is over, else of the
 * oldest of its set. */
static struct guard_slot *find_guard_slot(struct guard *g, uint64_t mark, kedge_nanos now)
{
    struct guard_slot *set = &g->slots[set_of(mark)];
    struct guard_slot *victim = set;

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].start != KEDGE_NEVER && set[i].mark == mark)
            return &set[i];
        if (!slot_is_over(victim, now) &&
            (slot_is_over(&set[i], now) || set[i].start < victim->start))
            victim = &set[i];
    }
    *victim = (struct guard_slot){ .mark = mark, .start = now };
    return victim;
}

static bool loops(struct guard *g, const struct guard_datagram *d, kedge_nanos now)
{
    uint64_t mark = d->mark ? d->mark : guard_look(g, d);
    struct guard_slot *s = find_guard_slot(g, mark, now);

    if (slot_is_over(s, now))
        *s = (struct guard_slot){ .mark = mark, .start = now };
    if (s->count >= GUARD_SAME && !s->spent) {
        *s = (struct guard_slot){ .mark = mark, .start = now, .spent = true };
        return true;
    }
    s->count++;
    return false;
}

/* Each differs from the last, so that sameness would not end a loop of them. */
static bool is_reply(struct kedge_span payload)
{
    struct stamp s;

    return stamp_parse(payload, &s) && s.flags & STAMP_REPLY && s.flags & STAMP_ASKS;
}

static enum guard_verdict guard_judge(struct guard *g, const struct guard_datagram *d,
                                      kedge_nanos now)
{
    if (d->to_broadcast)
        return GUARD_TO_BROADCAST;
    if (d->port >= 0 && answers_by_itself((uint16_t)d->port))
        return GUARD_PORT;
    if (d->port >= 0 && is_own(g, (uint16_t)d->port))
        return GUARD_OWN;
    if (g->own_text.len > 0 && span_equal(d->payload, g->own_text))
        return GUARD_TEXT;
    if (is_reply(d->payload))
        return GUARD_REPLY;
    return loops(g, d, now) ? GUARD_LOOP : GUARD_ANSWER;
}

enum guard_verdict guard_check(struct guard *g, const struct guard_datagram *d,
                               kedge_nanos now)
{
    enum guard_verdict v = guard_judge(g, d, now);

    g->counts[v]++;
    return v;
}

uint64_t guard_refused(const struct guard *g)
{
    uint64_t sum = 0;

    for (size_t i = GUARD_ANSWER + 1; i < GUARD_VERDICTS; i++)
        sum += g->counts[i];
    return sum;
}

const char *guard_word(enum guard_verdict v)
{
    static const char *const words[GUARD_VERDICTS] = {
        [GUARD_ANSWER] = "answered", [GUARD_PORT] = "service port",
        [GUARD_OWN] = "own port",    [GUARD_TO_BROADCAST] = "broadcast",
        [GUARD_TEXT] = "own text",   [GUARD_REPLY] = "reply",
        [GUARD_LOOP] = "loop",
    };

    return words[v];
}
