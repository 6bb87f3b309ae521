/* SPDX-License-Identifier: MIT */
/* Scenarios: hosts that are busy with something else. Both ends wake too late, by 1 to 50 ms at
 * random, whatever they wait for. */
#include "scenes.h"

#include "serving.h"

enum { BLKSIZE = 8192, LATE_MS = 50, CLIENTS_LATE = 4 };

/* Two of them lose one datagram in so many, and two lose none. What is 4 round trips there, of
 * 20 us on the way and twice 25 ms on average, and twice the worst lateness? */
static const kedge_nanos a_loss_costs = 4 * MS(51) + 2 * MS(LATE_MS);

struct cost {
    kedge_nanos time[2]; /* without losses, and with */
    uint64_t lost;
};

static void transfer(struct scene *s, enum kedge_tftp_op op, uint32_t window,
                     uint64_t size, struct cost *cost)
{
    for (unsigned i = 0; i < CLIENTS_LATE; i++) {
        struct actor *a = scene_kedge(s, op, size);

        s->asker[i].asked.windowsize = window;
        s->asker[i].asked.blksize = BLKSIZE;
        a->late = MS(LATE_MS);
        a->up.params.delay = a->down.params.delay = 10 * KEDGE_USEC;
        a->up.params.loss_ppm = a->down.params.loss_ppm = i % 2 ? 5000 : 0;
    }
    world_run(s->w);
    for (unsigned i = 0; i < CLIENTS_LATE; i++) {
        const struct actor *a = &s->w->actors[i];

        EXPECT(s, s->asker[i].outcome == KEDGE_TFTP_OK);
        cost->time[i % 2] += s->asker[i].done_at - KEDGE_SEC;
        cost->lost += a->up.troubles + a->down.troubles;
    }
}

static void expect_cost(struct scene *s, enum kedge_tftp_op op, uint32_t window)
{
    struct cost cost = { .lost = 0 };
    int64_t more;

    s->w->server->window_max = 256; /* times 1500 bytes: 32 blocks fit */
    transfer(s, op, window, 2000ULL * BLKSIZE, &cost);
    more = (int64_t)cost.time[1] - (int64_t)cost.time[0];
    EXPECT(s, cost.lost >= 10);
    if (more > (int64_t)(cost.lost * a_loss_costs))
        world_fail(s->w, "%llu losses cost %.3f s each", (unsigned long long)cost.lost,
                   (double)more / 1e9 / (double)cost.lost);
}

static void busy_hosts_and_a_window_of_8(struct scene *s)
{
    expect_cost(s, KEDGE_TFTP_RRQ, 8);
}

static void busy_hosts_and_a_window_of_32(struct scene *s)
{
    expect_cost(s, KEDGE_TFTP_RRQ, 32);
}

static void busy_hosts_and_an_upload(struct scene *s)
{
    expect_cost(s, KEDGE_TFTP_WRQ, 32);
}

/* A guest under emulation: now and then it takes up to 60 ms to answer. Nothing is lost. */
static void a_guest_is_late_now_and_then(struct scene *s)
{
    struct actor *a = scene_kedge(s, KEDGE_TFTP_RRQ, 3000ULL * 1468);

    s->asker[0].asked.windowsize = 1;
    a->busy_ppm = 30000;
    a->busy_most = MS(60);
    world_run(s->w);
    EXPECT(s, s->asker[0].outcome == KEDGE_TFTP_OK);
    if (a->blocks > 3001 + 15)
        world_fail(s->w, "%llu of 3001 blocks left twice",
                   (unsigned long long)a->blocks - 3001);
}

#define LATE(scene)                                                                      \
    {                                                                                    \
        .name = #scene, .play = (scene), .sockets = 4, .late = MS(LATE_MS), .seeds = 4   \
    }

const struct scenario late_scenarios[] = {
    LATE(busy_hosts_and_a_window_of_8),
    LATE(busy_hosts_and_a_window_of_32),
    LATE(busy_hosts_and_an_upload),
    { .name = "a_guest_is_late_now_and_then",
      .play = a_guest_is_late_now_and_then,
      .sockets = 4,
      .seeds = 8 },
};
const size_t late_scenario_count = sizeof late_scenarios / sizeof *late_scenarios;
