/* SPDX-License-Identifier: MIT */
/* Scenarios: what those get who forge requests and ACKs, blind, at several speeds. */
#include "scenes.h"

#include "serving.h"

enum { FORGERS = 8, PORTS = 1024, RATIO = 10, ROUNDS = 3, SEEDS = 6, RATE = 1000000 };

#define WORDS(text)                                                                      \
    {                                                                                    \
        (const uint8_t *)(text), sizeof(text) - 1                                        \
    }
#define ASKED(blksize, window)                                                           \
    WORDS("\0\1image\0octet\0blksize\000" blksize "\0windowsize\000" window "\0")

static const struct {
    struct kedge_span request;
    unsigned window; /* granted: no more bytes than 64 blocks of 1,500 */
} requests[] = {
    { WORDS("\0\1image\0octet\0"), 1 }, { ASKED("1428", "64"), 64 },
    { ASKED("512", "64"), 64 },         { ASKED("1468", "65535"), 64 },
    { ASKED("8972", "64"), 10 },
};

static struct forger any_forger(struct dice *d, enum forgery forgery)
{
    static const kedge_nanos speeds[] = { MS(1),   MS(5),    MS(20),  MS(100),
                                          MS(300), MS(1000), MS(5000) };
    size_t request = dice_below(d, sizeof requests / sizeof *requests);

    return (struct forger){ .forgery = forgery,
                            .request = requests[request].request,
                            .window = requests[request].window,
                            .all = PORTS,
                            .ports = PORTS,
                            .acks = (unsigned)dice_between(d, 2, 20),
                            .requests = (unsigned)dice_between(d, 1, 3),
                            .every = speeds[dice_below(d, 7)],
                            .rounds = ROUNDS };
}

/* Who they are, each at another speed, and somebody honest beside them. */
static void forge(struct scene *s, enum forgery forgery, unsigned ports)
{
    struct actor *honest = scene_kedge(s, KEDGE_TFTP_RRQ, 300000);

    for (unsigned i = 0; i < FORGERS; i++) {
        s->forger[i] = any_forger(&s->w->dice, forgery);
        s->forger[i].ports = ports;
        (void)forger_add(s->w, &s->forger[i], s->w->now + i * MS(250));
    }
    world_run(s->w);
    EXPECT(s, honest->outcomes[KEDGE_TFTP_OK] == 1);
}

/* Headers of IP counted, and of its fragments. */
static void expect_ratio(struct scene *s, unsigned most)
{
    uint64_t in = 0, out = 0;

    for (uint32_t i = 0; i < s->w->actor_count; i++)
        if (s->w->actors[i].kind != &asker_kind) {
            in += s->w->actors[i].heard;
            out += s->w->actors[i].told;
        }
    if (out > most * in)
        world_fail(s->w, "%llu bytes out for %llu in, %.1f times as many",
                   (unsigned long long)out, (unsigned long long)in,
                   (double)out / (double)in);
}

/* All ports are tried: no chance is in it, and none of them gets more. */
static void forged(struct scene *s, enum forgery forgery)
{
    forge(s, forgery, PORTS);
    expect_ratio(s, RATIO);
    for (uint32_t i = 1; i < s->w->actor_count; i++)
        if (s->w->actors[i].told > RATIO * s->w->actors[i].heard)
            world_fail(s->w, "%s: %.1f bytes out for one in", s->w->actors[i].kind->name,
                       (double)s->w->actors[i].told / (double)s->w->actors[i].heard);
}

static void forged_acks_of_block_0(struct scene *s)
{
    forged(s, FORGES_ZERO);
}

static void one_forged_ack_and_silence(struct scene *s)
{
    forged(s, FORGES_ONCE);
}

static void forged_acks_that_stream(struct scene *s)
{
    forged(s, FORGES_STREAM);
}

/* An answer to a request is a bit longer than that; DATA without options is 50 times as long. */
static void forged_requests(struct scene *s)
{
    forge(s, FORGES_REQUESTS, 0);
    expect_ratio(s, 50);
}

/* With one port, or where a second request moves it to the one that was asked, no port is secret:
 * it is the rate that bounds, in any world that has one (serving.c). */
static void forged_at_the_request_port(struct scene *s)
{
    forge(s, FORGES_STREAM, 0);
    EXPECT(s, s->w->server->debt > 0);
}

static void one_forged_ack_at_the_request_port(struct scene *s)
{
    forge(s, FORGES_ONCE, 0);
    EXPECT(s, s->w->server->debt > 0);
}

#define FORGED(scene)                                                                    \
    {                                                                                    \
        .name = #scene, .play = (scene), .sockets = PORTS, .seeds = SEEDS                \
    }
#define RATED(scene, ports)                                                              \
    {                                                                                    \
        .name = #scene "_of_" #ports, .play = (scene), .sockets = (ports),               \
        .auto_port = (ports) > 0, .request_rate = RATE, .seeds = SEEDS                   \
    }

const struct scenario forged_scenarios[] = {
    FORGED(forged_acks_of_block_0),
    FORGED(one_forged_ack_and_silence),
    FORGED(forged_acks_that_stream),
    FORGED(forged_requests),
    RATED(forged_at_the_request_port, 0),
    RATED(forged_at_the_request_port, 4),
    RATED(one_forged_ack_at_the_request_port, 0),
    RATED(one_forged_ack_at_the_request_port, 4),
};
const size_t forged_scenario_count = sizeof forged_scenarios / sizeof *forged_scenarios;
