/* SPDX-License-Identifier: MIT */
/* A line of small bars for the last measured moments. */
#include "report/spark.h"

#include "base/number.h"

#define HEIGHTS 8

static const char *const bars[2][HEIGHTS] = {
    { ".", ".", "-", "-", "=", "=", "#", "#" },
    { "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588" },
};

static struct spark_cell *cell_at(struct spark *s, kedge_nanos at)
{
    uint64_t moment = at / s->width + 1;
    struct spark_cell *c = &s->cells[moment % SPARK_CELLS];

    if (moment + SPARK_CELLS <= s->last)
        return NULL;
    s->last = max_u64(s->last, moment);
    if (c->moment != moment)
        *c = (struct spark_cell){ .moment = moment };
    return c;
}

void spark_measure(struct spark *s, kedge_nanos at, kedge_nanos took)
{
    struct spark_cell *c = cell_at(s, at);

    if (!c)
        return;
    c->most = max_u64(c->most, took);
    c->measured = true;
}

void spark_fail(struct spark *s, kedge_nanos at)
{
    struct spark_cell *c = cell_at(s, at);

    if (c)
        c->failed = true;
}

/* The logarithm to the base 2, in sixteenths, straight between powers. */
static uint64_t log_of(uint64_t v)
{
    uint32_t power = v > 1 ? 63 - (uint32_t)__builtin_clzll(v) : 0;
    uint64_t part = power >= 4 ? v >> (power - 4) : v << (4 - power);

    return power * 16 + (part & 15);
}

struct heights {
    uint64_t low, high;
    bool unicode;
};

static const char *shape(const struct spark_cell *c, const struct heights *h)
{
    uint64_t above;

    if (c->failed)
        return h->unicode ? "\u00d7" : "x";
    if (!c->measured)
        return " ";
    above = (log_of(c->most) - h->low) * (HEIGHTS - 1);
    return bars[h->unicode][h->high > h->low ? above / (h->high - h->low) : 0];
}

void spark_put(const struct spark *s, struct writer *w, bool unicode)
{
    struct heights h = { UINT64_MAX, 0, unicode };

    for (uint32_t i = 0; i < SPARK_CELLS; i++) {
        const struct spark_cell *c = &s->cells[i];

        if (!c->measured || c->moment + SPARK_CELLS <= s->last)
            continue;
        h.low = min_u64(h.low, log_of(c->most));
        h.high = max_u64(h.high, log_of(c->most));
    }
    for (uint64_t back = SPARK_CELLS; back-- > 0;) {
        const struct spark_cell none = { 0 }, *c = &none;

        if (s->last > back && s->cells[(s->last - back) % SPARK_CELLS].moment > 0)
            c = &s->cells[(s->last - back) % SPARK_CELLS];
        put(w, span_of(shape(c->moment + back == s->last ? c : &none, &h)));
    }
}
