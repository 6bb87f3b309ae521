/* SPDX-License-Identifier: MIT */
/* The table of probe runs, with the counts that a server reports to validated peers. */
#include "echo/runs.h"

#include <string.h>

#define WAYS 8 /* slots in which one run may stand */

void runs_init(struct runs *r, const uint8_t key[COOKIE_KEY])
{
    memset(r, 0, sizeof *r);
    memcpy(r->key, key, COOKIE_KEY);
}

static uint64_t id_of(const struct runs *r, const struct runs_probe *p, uint16_t run)
{
    uint8_t bytes[66];
    struct writer w = { .ptr = bytes, .room = sizeof bytes };
    uint64_t id;

    put_u16(&w, run);
    put(&w, p->peer);
    id = siphash(r->key, written(&w));
    return id ? id : 1;
}

static struct run_slot *set_of(struct runs *r, uint64_t id)
{
    return &r->slots[id % (RUNS_MAX / WAYS) * WAYS];
}

static struct run_slot *find_run(struct runs *r, uint64_t id)
{
    struct run_slot *set = set_of(r, id);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].id == id)
            return &set[i];
    return NULL;
}

/* In place of an empty one, else of the one that was silent longest. */
static struct run_slot *make_run(struct runs *r, uint64_t id, const struct runs_probe *p)
{
    struct run_slot *set = set_of(r, id), *victim = set;

    for (size_t i = 1; i < WAYS; i++)
        if (set[i].id == 0 ? victim->id != 0 : victim->id && set[i].last < victim->last)
            victim = &set[i];
    *victim = (struct run_slot){ .id = id, .dropped_before = p->dropped };
    r->validated++;
    return victim;
}

static bool test_and_set(struct run_slot *s, uint64_t sequence)
{
    uint64_t *word = &s->window[sequence % RUNS_WINDOW / 64];
    uint64_t bit = (uint64_t)1 << sequence % 64;
    bool was = *word & bit;

    *word |= bit;
    return was;
}

/* The bits between the old highest and the new one are of probes not seen yet. */
static void move_window(struct run_slot *s, uint64_t sequence)
{
    uint64_t by = sequence - s->highest;

    if (by >= RUNS_WINDOW)
        memset(s->window, 0, sizeof s->window);
    else
        for (uint64_t i = s->highest + 1; i <= sequence; i++)
            s->window[i % RUNS_WINDOW / 64] &= ~((uint64_t)1 << i % 64);
    s->highest = sequence;
}

static void count_sequence(struct run_slot *s, uint64_t sequence)
{
    if (s->seen == 0)
        s->highest = sequence;
    else if (sequence > s->highest)
        move_window(s, sequence);
    if (s->highest - sequence >= RUNS_WINDOW || !test_and_set(s, sequence))
        s->seen++;
}

static void answer_token(const struct runs *r, const struct runs_probe *p,
                         struct probe_extension *extension)
{
    extension->kind = EXTENSION_TOKEN;
    extension->cookie = cookie_of(r->key, p->peer, p->now);
    extension->port = p->port;
    memcpy(extension->address, p->address, sizeof extension->address);
}

static void answer_report(const struct run_slot *s, const struct runs_probe *p,
                          struct probe_extension *extension)
{
    struct extension_report *out = &extension->report;
    uint64_t held =
        p->answered_ns > p->in.received_ns ? p->answered_ns - p->in.received_ns : 0;

    extension->kind = EXTENSION_REPORT;
    *out = p->in;
    out->seen = s->seen;
    out->highest = (uint32_t)s->highest;
    out->dropped = p->dropped - s->dropped_before;
    out->refused = s->refused;
    out->held_ns = held < UINT32_MAX ? (uint32_t)held : UINT32_MAX;
}

static bool is_validated(const struct runs *r, const struct run_slot *s,
                         const struct runs_probe *p, uint64_t cookie)
{
    return (s && cookie != 0 && s->cookie == cookie) ||
           cookie_proves(r->key, p->peer, cookie, p->now);
}

bool runs_answer(struct runs *r, const struct runs_probe *p, uint8_t *payload)
{
    struct writer w = { .ptr = payload, .room = EXTENDED_SIZE };
    struct stamp stamp = { 0 };
    struct probe_extension extension;
    struct run_slot *s;
    uint64_t id;
    bool validated;

    if (!extension_asks((struct kedge_span){ payload, EXTENDED_SIZE }, &stamp,
                        &extension))
        return false;
    id = id_of(r, p, stamp.run);
    s = find_run(r, id);
    validated = is_validated(r, s, p, extension.cookie);
    if (validated) {
        s = s ? s : make_run(r, id, p);
        s->cookie = extension.cookie;
        s->last = p->now;
        count_sequence(s, stamp.sequence);
        answer_report(s, p, &extension);
    } else {
        answer_token(r, p, &extension);
    }
    stamp.flags |= STAMP_REPLY;
    stamp_put(&w, &stamp);
    extension_put(&w, &extension);
    return validated;
}

void runs_refused(struct runs *r, const struct runs_probe *p, struct kedge_span payload)
{
    struct stamp stamp = { 0 };
    struct run_slot *s;
    struct probe_extension extension;

    if (!extension_asks(payload, &stamp, &extension))
        return;
    s = find_run(r, id_of(r, p, stamp.run));
    if (s && is_validated(r, s, p, extension.cookie))
        s->refused++;
}
