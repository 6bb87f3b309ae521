/* SPDX-License-Identifier: MIT */
/* The choice of when a flooding probe sends next. */
#include "probe/flood.h"

#include "os/clock.h"

bool flood_may(const struct probe_target *t)
{
    return t->peer.cookie != 0;
}

static bool is_done(const struct probe_target *t)
{
    return !flood_may(t) || clock_now() >= t->shared->until ||
           (t->plan->count > 0 && t->stats.sent >= t->plan->count);
}

static void fill_window(struct probe_target *t)
{
    for (int i = 0; i < FLOOD_OPEN; i++) {
        if (is_done(t) || probe_stats_open(&t->stats) >= FLOOD_OPEN)
            return;
        probe_send(t, clock_now());
    }
}

bool flood_turn(struct probe_target *const targets[], uint32_t count, kedge_nanos *next)
{
    struct probe_shared *shared = targets[0]->shared;
    kedge_nanos now = clock_now();
    bool least = now >= *next, done = true;

    if (least)
        *next = now + FLOOD_LEAST;
    shared->together = true;
    for (uint32_t i = 0; i < count; i++) {
        fill_window(targets[i]);
        if (least && !is_done(targets[i]))
            probe_send(targets[i], now);
        done &= is_done(targets[i]);
    }
    shared->together = false;
    probe_flush(shared);
    return done;
}
