/* SPDX-License-Identifier: MIT */
/* One-way delay variation, computed from the stamps of two clocks. */
#include "probe/one_way_delay.h"

static bool was_set(const struct oneway_line *l, int64_t d)
{
    int64_t by = d - l->last;

    return by > (int64_t)ONE_WAY_STEP || -by > (int64_t)ONE_WAY_STEP;
}

static void add_to_line(struct oneway_line *l, double t, int64_t d, bool first)
{
    double from_first;

    if (first)
        *l = (struct oneway_line){ .first = d, .low = d, .high = d };
    l->low = d < l->low ? d : l->low;
    l->high = d > l->high ? d : l->high;
    l->last = d;
    from_first = (double)(d - l->first);
    l->t += t;
    l->d += from_first;
    l->tt += t * t;
    l->td += t * from_first;
}

void one_way_took(struct one_way_delay *o, const struct one_way_trip *trip)
{
    int64_t going = (int64_t)(trip->there_ns - trip->left_ns);
    int64_t coming = (int64_t)(trip->came_ns - trip->away_ns);
    double t;

    if (o->n > 0 && (trip->left_ns < o->begin || was_set(&o->going, going) ||
                     was_set(&o->coming, coming)))
        *o = (struct one_way_delay){ 0 };
    if (o->n == 0)
        o->begin = trip->left_ns;
    o->end = trip->left_ns;
    t = (double)(trip->left_ns - o->begin) / (double)KEDGE_SEC;
    add_to_line(&o->going, t, going, o->n == 0);
    add_to_line(&o->coming, t, coming, o->n == 0);
    o->n++;
}

static struct one_way_trend trend_of(const struct oneway_line *l, uint64_t n)
{
    double count = (double)n, to_broadcast = count * l->tt - l->t * l->t;
    double slope = to_broadcast > 0 ? (count * l->td - l->t * l->d) / to_broadcast : 0;

    return (struct one_way_trend){ .range = (uint64_t)(l->high - l->low),
                                   .trend_ns = (int64_t)slope };
}

bool one_way_trends(const struct one_way_delay *o, struct one_way_trend *going,
                    struct one_way_trend *coming)
{
    if (o->n < ONE_WAY_NEEDED || o->end - o->begin < ONE_WAY_SPAN)
        return false;
    *going = trend_of(&o->going, o->n);
    *coming = trend_of(&o->coming, o->n);
    return true;
}
