/* SPDX-License-Identifier: MIT */
/* The absolute times at which probes leave, for all targets. */
#include "probe/schedule.h"

#include "base/number.h"

void schedule_init(struct schedule *s, kedge_nanos interval, uint64_t count,
                   uint32_t targets)
{
    KEDGE_ASSERT(targets >= 1 && interval >= 1);
    *s = (struct schedule){ .end = KEDGE_NEVER,
                            .interval = interval,
                            .count = count,
                            .targets = targets,
                            .stagger = min_u64(interval / targets, KEDGE_MSEC) };
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t v = *state += 0x9e3779b97f4a7c15u;

    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
    v = (v ^ v >> 27) * 0x94d049bb133111ebu;
    return v ^ v >> 31;
}

/* -log2(u / 2^64) in parts of 2^32; u > 0. A bit of the fraction a squaring. */
static uint64_t minus_log2(uint64_t u)
{
    uint64_t zeros = (uint64_t)__builtin_clzll(u);
    uint64_t x = u << zeros >> 32, fraction = 0;

    for (int i = 0; i < 32; i++) {
        x = x * x >> 31;
        fraction <<= 1;
        if (x >> 32) {
            x >>= 1;
            fraction |= 1;
        }
    }
    return ((zeros + 1) << 32) - fraction;
}

/* Exponential with this mean: -ln(u) * mean. */
static kedge_nanos random_gap(struct schedule *s)
{
    uint64_t u = next_random(&s->random);

    return mul_div(s->interval, minus_log2(u > 0 ? u : 1), 6196328019u); /* 2^32 / ln 2 */
}

void schedule_poisson(struct schedule *s, const struct schedule_memory *m, uint64_t seed)
{
    s->poisson = true;
    s->random = seed;
    s->left = m->left;
    deadlines_init(&s->due, m->heap, m->place, s->targets);
    for (uint32_t i = 0; i < s->targets; i++) {
        s->left[i] = s->count > 0 ? s->count : UINT64_MAX;
        deadlines_set(&s->due, i, add_sat(s->start, random_gap(s)));
    }
}

static bool take_random(struct schedule *s, kedge_nanos now, struct schedule_due *out)
{
    out->at = deadlines_next(&s->due);
    if (!deadlines_pop(&s->due, now, &out->target))
        return false;
    if (--s->left[out->target] > 0)
        deadlines_set(&s->due, out->target, add_sat(out->at, random_gap(s)));
    return true;
}

static kedge_nanos next_without_end(const struct schedule *s)
{
    if (s->poisson)
        return deadlines_next(&s->due);
    if (s->count > 0 && s->round >= s->count)
        return KEDGE_NEVER;
    return s->start + s->round * s->interval + s->turn * s->stagger;
}

kedge_nanos schedule_next(const struct schedule *s)
{
    kedge_nanos at = next_without_end(s);

    return at < s->end ? at : KEDGE_NEVER;
}

bool schedule_take(struct schedule *s, kedge_nanos now, struct schedule_due *out)
{
    kedge_nanos at = schedule_next(s);

    if (at == KEDGE_NEVER || at > now)
        return false;
    if (s->poisson)
        return take_random(s, now, out);
    *out = (struct schedule_due){ at, s->turn };
    s->turn++;
    if (s->turn == s->targets) {
        s->turn = 0;
        s->round++;
    }
    return true;
}
