/* SPDX-License-Identifier: MIT */
/* The server's counts of a run, turned into losses by direction. */
#include "probe/server_report.h"

#include "base/number.h"

#include <string.h>

/* Of one stretch: sent, seen and answered, each a part of the one before. */
static uint64_t going_of(const struct peer_stretch *s, uint64_t unsent)
{
    uint64_t left = sub_sat(s->highest + 1 - s->first, sub_sat(unsent, s->unsent));

    return s->seen > 0 ? sub_sat(left, s->seen) : 0;
}

static uint64_t coming_of(const struct peer_stretch *s)
{
    return sub_sat(s->seen, s->answered);
}

static void close_stretch(struct peer *p, const struct peer_answer *a, uint64_t first)
{
    p->going += going_of(&p->now, a->unsent);
    p->coming += coming_of(&p->now);
    p->dropped += p->now.dropped;
    p->refused += p->now.refused;
    p->now =
        (struct peer_stretch){ .first = first, .highest = first, .unsent = a->unsent };
}

static void server_token(struct peer *p, const struct probe_extension *m,
                         const struct peer_answer *a)
{
    bool moved = p->seen_port != m->port ||
                 memcmp(p->seen_address, m->address, sizeof m->address) != 0;

    p->seen_known = true;
    memcpy(p->seen_address, m->address, sizeof m->address);
    p->seen_port = m->port;
    if (p->cookie == m->cookie)
        return;
    p->restarts += p->cookie != 0 && !moved; /* a cookie is of an address of ours */
    p->cookie = m->cookie;
    close_stretch(p, a, a->next);
}

/* The low half of a sequence as a whole one: the nearest to one that is known. */
static uint64_t widen(uint32_t low, uint64_t near)
{
    int32_t by = (int32_t)(low - (uint32_t)near);

    return by < 0 && near < (uint64_t) - (int64_t)by ? low : near + (uint64_t)(int64_t)by;
}

static void take_counts(struct peer *p, const struct extension_report *r,
                        const struct peer_answer *a)
{
    uint64_t highest = widen(r->highest, a->sequence);
    struct peer_stretch *s = &p->now;

    if (highest >= s->highest && r->seen < s->seen) {
        p->restarts++;
        close_stretch(p, a, a->sequence);
    }
    if (highest < s->highest || r->seen < s->seen)
        return; /* it was overtaken */
    s->highest = highest;
    s->seen = r->seen;
    s->dropped = r->dropped;
    s->refused = r->refused;
}

void peer_took(struct peer *p, const struct probe_extension *m,
               const struct peer_answer *a)
{
    if (m->kind == EXTENSION_TOKEN)
        server_token(p, m, a);
    if (m->kind != EXTENSION_REPORT)
        return;
    take_counts(p, &m->report, a);
    if (!a->first || a->sequence < p->now.first)
        return;
    p->now.answered++;
    p->reports++;
    p->ttl = m->report.ttl;
    p->tos = m->report.tos;
    p->kernel = m->report.kernel;
    if (m->report.kernel)
        histogram_record(&p->held, m->report.held_ns);
}

struct peer_losses peer_losses(const struct peer *p, uint64_t lost, uint64_t unsent)
{
    struct peer_losses l = { 0 };

    if (p->reports > 0) {
        l.going = min_u64(lost, p->going + going_of(&p->now, unsent));
        l.coming = min_u64(lost - l.going, p->coming + coming_of(&p->now));
        l.dropped = p->dropped + p->now.dropped;
        l.refused = p->refused + p->now.refused;
    }
    l.unknown = lost - l.going - l.coming;
    return l;
}
