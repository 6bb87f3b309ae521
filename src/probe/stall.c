/* SPDX-License-Identifier: MIT */
/* Stalls, reply by reply. */
#include "probe/stall.h"

#include "base/number.h"

void stalls_init(struct stalls *s, kedge_nanos interval)
{
    *s = (struct stalls){
        .least = max_u64(STALL_LEAST, interval > KEDGE_NEVER / STALL_INTERVALS
                                          ? KEDGE_NEVER
                                          : interval * STALL_INTERVALS),
    };
}

/* The answer that was late because of a stall is late by what was left of it; what it waited
 * for here (the neighbour's address, a queue of this host) is no fault of the peer's. */
static kedge_nanos quiet_before(const struct stalls *s, const struct stall_reply *r)
{
    kedge_nanos usual = add_sat(r->rtt_min, r->held_here);
    kedge_nanos excess = sub_sat(sub_sat(r->now, r->sent), usual);

    return s->last ? min_u64(sub_sat(r->now, s->last), excess) : excess;
}

/* For most of it this program itself stood still. */
static bool was_self(const struct stall_reply *r, kedge_nanos quiet)
{
    kedge_nanos from = max_u64(r->self_from, r->now - quiet);

    return sub_sat(min_u64(r->self_until, r->now), from) > quiet / 2;
}

static void keep_stall(struct stalls *s)
{
    struct stall *p = &s->present;

    if (p->waited < STALL_WAITED)
        return;
    s->count += p->waited == STALL_WAITED;
    if (p->to - p->from >= s->longest.to - s->longest.from)
        s->longest = *p;
}

void stalls_reply(struct stalls *s, const struct stall_reply *r)
{
    kedge_nanos quiet = quiet_before(s, r);

    if (quiet >= s->least)
        s->present = (struct stall){ r->now - quiet, r->now, !was_self(r, quiet) };
    else if (s->present.waited > 0 && r->sent < s->present.to)
        s->present.waited++;
    else
        s->present.waited = 0;
    s->last = r->now;
    keep_stall(s);
}
