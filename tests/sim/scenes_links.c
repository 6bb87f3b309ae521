/* SPDX-License-Identifier: MIT */
/* Scenarios: kedge with kedge over links that are slow, long, or have short queues. */
#include "scenes.h"

#include "serving.h"

struct way {
    kedge_nanos delay;
    uint64_t bits_per_s;
    uint32_t queue_bytes;
    uint32_t loss_ppm;
    uint32_t blksize;
};

/* Two clients, a get and a put, each over such a link of its own. True: both came whole, in
 * `seconds`, and the server sent at most `blocks`. */
static bool both(struct scene *s, const struct way *way, uint32_t window, uint64_t size)
{
    static const enum kedge_tftp_op ops[] = { KEDGE_TFTP_RRQ, KEDGE_TFTP_WRQ };
    bool good = true;

    s->w->server->window_max = UINT16_MAX;
    for (unsigned i = 0; i < 2; i++) {
        struct actor *a = scene_kedge(s, ops[i], size);
        struct asker *k = a->self;

        k->asked.windowsize = window;
        k->asked.blksize = way->blksize;
        a->up.params.delay = a->down.params.delay = way->delay;
        a->up.params.bits_per_s = a->down.params.bits_per_s = way->bits_per_s;
        a->up.params.queue_bytes = a->down.params.queue_bytes = way->queue_bytes;
        a->up.params.loss_ppm = a->down.params.loss_ppm = way->loss_ppm;
    }
    world_run(s->w);
    for (unsigned i = 0; i < 2; i++)
        good &= s->asker[i].outcome == KEDGE_TFTP_OK;
    return good;
}

static kedge_nanos slowest(const struct scene *s)
{
    kedge_nanos a = s->asker[0].done_at, b = s->asker[1].done_at;

    return (a > b ? a : b) - KEDGE_SEC;
}

/* 100 Mb/s, 50 ms, a queue of 50 ms: 64 MiB take 5.4 s at least. Of the queue a window is
 * ten times as long. */
static const struct way long_link = { MS(25), 100000000, 625000, 0, 1468 };

static void kedge_fills_a_long_link(struct scene *s)
{
    EXPECT(s, both(s, &long_link, 4096, 64 << 20));
    EXPECT(s, slowest(s) < MS(6700)); /* 80 % */
    EXPECT(s, s->w->actors[0].blocks < 45715 * 5 / 4);
}

/* A queue of a tenth of the round trip: what a window loses there is no sign of a link that
 * loses. 5.4 s at least. */
static void kedge_fills_a_long_link_with_a_short_queue(struct scene *s)
{
    struct way way = long_link;

    way.queue_bytes = 62500;
    EXPECT(s, both(s, &way, 4096, 64 << 20));
    EXPECT(s, slowest(s) < MS(10000));
}

/* What follows a lost block is sent again, a round trip of it: 70 % is the bound. */
static void kedge_fills_most_of_a_long_link_that_loses(struct scene *s)
{
    struct way way = long_link;

    way.loss_ppm = 1000;
    EXPECT(s, both(s, &way, 4096, 64 << 20));
    EXPECT(s, slowest(s) < MS(11000));
}

/* 10 Mb/s and a queue of 13 blocks: 0.9 s at least. */
static void kedge_keeps_to_the_pace_of_a_short_queue(struct scene *s)
{
    static const struct way way = { MS(1), 10000000, 20000, 0, 1468 };

    EXPECT(s, both(s, &way, 64, 1 << 20));
    EXPECT(s, slowest(s) < MS(1300) && s->w->actors[0].blocks < 900);
}

/* 1 Mb/s: the queue is longer than any timeout of the round trip. 9 s at least. */
static void kedge_keeps_to_the_pace_of_a_slow_link(struct scene *s)
{
    static const struct way way = { MS(10), 1000000, 30000, 0, 1468 };

    EXPECT(s, both(s, &way, 64, 1 << 20));
    EXPECT(s, slowest(s) < MS(25000) && s->w->actors[0].blocks < 1100);
}

/* A socket that holds three blocks of 64 KiB, and a reader of 2.5 GB/s: 27 ms at least. What
 * is too many is lost from a window's end, and its peer says nothing of that. */
static void kedge_finds_what_a_small_socket_holds(struct scene *s)
{
    static const struct way way = { 20 * KEDGE_USEC, 20000000000, 3 * 65496, 0, 65464 };

    s->w->server->window_max = UINT16_MAX;
    EXPECT(s, both(s, &way, 32, 64 << 20));
    EXPECT(s, slowest(s) < MS(150) && s->asker[1].blocks < 1250);
}

const struct scenario link_scenarios[] = {
    SCENE(kedge_fills_a_long_link),
    SCENE(kedge_fills_a_long_link_with_a_short_queue),
    SCENE(kedge_fills_most_of_a_long_link_that_loses),
    SCENE(kedge_keeps_to_the_pace_of_a_short_queue),
    SCENE(kedge_keeps_to_the_pace_of_a_slow_link),
    SCENE(kedge_finds_what_a_small_socket_holds),
};
const size_t link_scenario_count = sizeof link_scenarios / sizeof *link_scenarios;
