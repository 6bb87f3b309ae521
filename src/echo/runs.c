#include "echo/runs.h"

#include <string.h>

#define WAYS 8 /* slots in which one run may stand */

void runs_init(struct runs *r, const uint8_t key[TOKEN_KEY])
{
    memset(r, 0, sizeof *r);
    memcpy(r->key, key, TOKEN_KEY);
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

static struct run_slot *find(struct runs *r, uint64_t id)
{
    struct run_slot *set = set_of(r, id);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].id == id)
            return &set[i];
    return NULL;
}

/* In place of an empty one, else of the one that was silent longest. */
static struct run_slot *make(struct runs *r, uint64_t id, const struct runs_probe *p)
{
    struct run_slot *set = set_of(r, id), *victim = set;

    for (size_t i = 1; i < WAYS; i++)
        if (set[i].id == 0 ? victim->id != 0 : victim->id && set[i].last < victim->last)
            victim = &set[i];
    *victim = (struct run_slot){ .id = id, .dropped_before = p->dropped };
    r->proved++;
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

static void count(struct run_slot *s, uint64_t sequence)
{
    if (s->seen == 0)
        s->highest = sequence;
    else if (sequence > s->highest)
        move_window(s, sequence);
    if (s->highest - sequence >= RUNS_WINDOW || !test_and_set(s, sequence))
        s->seen++;
}

static void answer_token(const struct runs *r, const struct runs_probe *p,
                         struct mark *mark)
{
    mark->kind = MARK_TOKEN;
    mark->token = token_of(r->key, p->peer, p->now);
    mark->port = p->port;
    memcpy(mark->address, p->address, sizeof mark->address);
}

static void answer_report(const struct run_slot *s, const struct runs_probe *p,
                          struct mark *mark)
{
    struct mark_report *out = &mark->report;
    uint64_t held =
        p->answered_ns > p->in.received_ns ? p->answered_ns - p->in.received_ns : 0;

    mark->kind = MARK_REPORT;
    *out = p->in;
    out->seen = s->seen;
    out->highest = (uint32_t)s->highest;
    out->dropped = p->dropped - s->dropped_before;
    out->refused = s->refused;
    out->held_ns = held < UINT32_MAX ? (uint32_t)held : UINT32_MAX;
}

static bool is_proved(const struct runs *r, const struct run_slot *s,
                      const struct runs_probe *p, uint64_t token)
{
    return (s && token != 0 && s->token == token) ||
           token_proves(r->key, p->peer, token, p->now);
}

bool runs_answer(struct runs *r, const struct runs_probe *p, uint8_t *payload)
{
    struct writer w = { .ptr = payload, .room = MARKED_SIZE };
    struct stamp stamp = { 0 };
    struct mark mark;
    struct run_slot *s;
    uint64_t id;
    bool proved;

    if (!mark_asks((struct kedge_span){ payload, MARKED_SIZE }, &stamp, &mark))
        return false;
    id = id_of(r, p, stamp.run);
    s = find(r, id);
    proved = is_proved(r, s, p, mark.token);
    if (proved) {
        s = s ? s : make(r, id, p);
        s->token = mark.token;
        s->last = p->now;
        count(s, stamp.sequence);
        answer_report(s, p, &mark);
    } else {
        answer_token(r, p, &mark);
    }
    stamp.flags |= STAMP_REPLY;
    stamp_put(&w, &stamp);
    mark_put(&w, &mark);
    return proved;
}

void runs_refused(struct runs *r, const struct runs_probe *p, struct kedge_span payload)
{
    struct stamp stamp = { 0 };
    struct run_slot *s;
    struct mark mark;

    if (!mark_asks(payload, &stamp, &mark))
        return;
    s = find(r, id_of(r, p, stamp.run));
    if (s && is_proved(r, s, p, mark.token))
        s->refused++;
}
