/* SPDX-License-Identifier: MIT */
/* Random runs: server, clients, links and files drawn from one seed. */
#include "runs.h"

#include <stdlib.h>
#include <string.h>

#include "asker.h"
#include "base/number.h"
#include "server.h"

enum { CLIENTS_MAX = 24, STRANGERS_MAX = 4 };

/* ---- Links --------------------------------------------------------------------------- */

static void lan(struct dice *d, struct link_params *p)
{
    p->delay = dice_between(d, 20 * KEDGE_USEC, KEDGE_MSEC);
}

static void wide(struct dice *d, struct link_params *p)
{
    p->delay = dice_between(d, KEDGE_MSEC, 150 * KEDGE_MSEC);
    p->jitter = dice_below(d, 2) ? dice_below(d, 20 * KEDGE_MSEC) : 0;
}

static void lossy(struct dice *d, struct link_params *p)
{
    static const uint32_t often[] = { 1000, 10000, 10000, 50000, 50000, 100000, 200000 };

    p->loss_ppm = often[dice_below(d, sizeof often / sizeof *often)];
}

static void bursty(struct dice *d, struct link_params *p)
{
    p->burst_ppm = (uint32_t)dice_between(d, 500, 10000);
    p->burst_end_ppm = (uint32_t)dice_between(d, 50000, 500000);
}

static void twisted(struct dice *d, struct link_params *p)
{
    p->copy_ppm = (uint32_t)dice_between(d, 0, 50000);
    p->overtaken_ppm = (uint32_t)dice_between(d, 0, 50000);
    p->overtaken_by = dice_between(d, 0, 30 * KEDGE_MSEC);
    p->damage_ppm = (uint32_t)dice_between(d, 0, 20000);
}

static void narrow(struct dice *d, struct link_params *p)
{
    p->bits_per_s = dice_between(d, 1, 100) * 1000000;
    p->queue_bytes = (uint32_t)dice_between(d, 10000, 200000);
}

static struct link_params any_link(struct dice *d)
{
    struct link_params p = { .delay = 0 };
    unsigned troubles = (unsigned)dice_below(d, 32);

    if (troubles & 1)
        wide(d, &p);
    else
        lan(d, &p);
    if (troubles & 2)
        lossy(d, &p);
    if (troubles & 4)
        twisted(d, &p);
    if ((troubles & 24) == 8)
        bursty(d, &p);
    if ((troubles & 24) == 16)
        narrow(d, &p);
    return p;
}

/* ---- Clients ------------------------------------------------------------------------- */

static struct kedge_tftp_options any_options(struct dice *d)
{
    static const uint32_t blksizes[] = { 8, 16, 512, 1024, 1432, 1468, 8192, 65464 };
    static const uint32_t windows[] = { 1, 2, 4, 8, 32, 64, 65535 };
    struct kedge_tftp_options o = { .has = (unsigned)dice_below(d, 128) };

    if (dice_below(d, 4) == 0)
        o.has = 0;
    if (o.has & KEDGE_TFTP_HAS_BLKSIZE)
        o.has &= ~(unsigned)KEDGE_TFTP_HAS_BLKSIZE2;
    if (dice_below(d, 4)) /* a short timeout bounds the RTO: not in every run */
        o.has &= ~(unsigned)(KEDGE_TFTP_HAS_UTIMEOUT | KEDGE_TFTP_HAS_TIMEOUT);
    o.blksize = blksizes[dice_below(d, sizeof blksizes / sizeof *blksizes)];
    o.windowsize = windows[dice_below(d, sizeof windows / sizeof *windows)];
    o.timeout_s = (uint32_t)dice_between(d, 1, 8);
    o.utimeout_us = (uint32_t)dice_between(d, 500000, 3000000);
    o.rollover = (uint32_t)dice_below(d, 2);
    return o;
}

static uint64_t any_size(struct dice *d, uint32_t blksize)
{
    uint64_t blocks = dice_below(d, dice_below(d, 8) ? 40 : 400);

    if (blksize == 8 && dice_below(d, 300) == 0)
        blocks = 65530 + dice_below(d, 20000); /* the numbers wrap */
    if (blksize > 2000)
        blocks = dice_below(d, 20);
    switch (dice_below(d, 4)) {
    case 0:
        return blocks * blksize;
    case 1:
        return blocks * blksize + blksize - 1;
    default:
        return blocks * blksize + dice_below(d, blksize);
    }
}

static void any_file(struct dice *d, struct actor *a, const struct asker *k)
{
    struct file *f = &a->file;
    bool sized = k->asked.has & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_BLKSIZE2);

    f->size = any_size(d, sized ? k->asked.blksize : 512);
    if (dice_below(d, 3) == 0)
        f->open_delay =
            dice_below(d, dice_below(d, 10) ? 50 * KEDGE_MSEC : 8 * KEDGE_SEC);
    if (dice_below(d, 20) == 0)
        f->refuse = (int)dice_between(d, 1, 2);
    if (dice_below(d, 4) == 0) {
        f->cold_ppm = (uint32_t)dice_below(d, 300000);
        f->read_delay = dice_between(d, 10 * KEDGE_USEC, 300 * KEDGE_MSEC);
    }
    if (dice_below(d, 20) == 0)
        f->full_at = dice_below(d, f->size + 1);
    f->commit_delay = dice_below(d, dice_below(d, 10) ? 20 * KEDGE_MSEC : 9 * KEDGE_SEC);
    f->commit_fails = dice_below(d, 40) == 0;
    f->size_unknown = k->netascii;
}

static void any_box(struct dice *d, struct actor *a, struct asker *k)
{
    k->box.kind = (enum nat_kind)dice_below(d, NAT_SHUT + 1);
    k->box.lives =
        dice_below(d, 3) ? 0 : dice_between(d, 500 * KEDGE_MSEC, 30 * KEDGE_SEC);
    k->box.address = a->id;
    a->nat = &k->box;
}

static void add_client(struct world *w, struct asker *k)
{
    struct dice *d = &w->dice;
    kedge_nanos start = w->now + dice_below(d, 2 * KEDGE_SEC);
    struct actor *a = world_add(w, &asker_kind, k, start);

    *k = (struct asker){ .op = dice_below(d, 3) ? KEDGE_TFTP_RRQ : KEDGE_TFTP_WRQ };
    k->asked = any_options(d);
    k->name = "boot/image";
    k->netascii = dice_below(d, 8) == 0;
    k->recovers = dice_below(d, 2);
    k->linger = dice_below(d, 2) ? dice_below(d, 3 * KEDGE_SEC) : 0;
    k->full_at = dice_below(d, 30) ? UINT64_MAX : dice_below(d, 20000);
    k->commit_delay = dice_below(d, 40 * KEDGE_MSEC);
    k->resets_at = KEDGE_NEVER;
    if (k->op == KEDGE_TFTP_RRQ && k->asked.has == 0 && dice_below(d, 5) == 0)
        k->resets_at = start + dice_below(d, 3 * KEDGE_SEC);
    k->same_port = k->resets_at != KEDGE_NEVER;
    a->up.params = any_link(d);
    a->down.params = dice_below(d, 3) ? a->up.params : any_link(d);
    a->tells_closed = dice_below(d, 2);
    if (dice_below(d, 6) == 0) {
        a->busy_ppm = (uint32_t)dice_below(d, 100000);
        a->busy_most = dice_between(d, 1, 300 * KEDGE_MSEC);
        a->ring = (uint32_t)dice_between(d, 4, 100);
    }
    any_file(d, a, k);
    if (server_sessions(w->server)->limits.auto_port && dice_below(d, 3) == 0)
        any_box(d, a, k);
}

/* ---- Strangers ----------------------------------------------------------------------- */

/* Somebody else writes: packets of no transfer, damaged requests, requests in a name that
 * never asked. What comes back is not read; the server counts what it says. */
static void babble(struct world *w, struct actor *a)
{
    static const struct {
        uint8_t bytes[32];
        uint8_t len;
    } said[] = {
        { "\0\1boot/image\0octet\0", 19 },
        { "\0\1boot/image\0octet\0tsize\0000", 27 },
        { "\0\2boot/image\0octet\0", 19 },
        { "\0\1boot/image\0oct", 16 },
        { "\0\1boot/image\0octet\0", 19 },
        { "\0\3\0\1abc", 7 },
        { "\0\4\0\0", 4 },
        { "\0\4\0\1", 4 },
        { "\0\5\0\0", 4 },
        { "\0\5\0\4no\0", 7 },
        { "\0\6tsize\0001\0", 10 },
        { "\0\7", 2 },
        { "", 0 },
        { "\377\377\377\377", 4 },
    };
    size_t i = dice_below(&w->dice, sizeof said / sizeof *said);
    uint16_t socket = (uint16_t)dice_below(&w->dice, 5);
    bool request = socket == 4 || i < 5;

    actor_send(w, a, request ? REQUEST_PORT : socket,
               (struct kedge_span){ said[i].bytes, said[i].len });
    a->open = true;
    if (dice_below(&w->dice, 12))
        actor_wait(w, a, w->now + dice_below(&w->dice, 800 * KEDGE_MSEC));
}

static void ignore(struct world *w, struct actor *a, const struct datagram *d,
                   struct kedge_span bytes)
{
    (void)w;
    (void)a;
    (void)d;
    (void)bytes;
}

static const struct actor_kind stranger_kind = {
    .name = "stranger", .start = babble, .packet = ignore, .timer = babble
};

static void add_stranger(struct world *w)
{
    kedge_nanos start = w->now + dice_below(&w->dice, 2 * KEDGE_SEC);
    struct actor *a = world_add(w, &stranger_kind, NULL, start);

    a->up.params = any_link(&w->dice);
    a->file.size = 3000;
    a->file.content = 0;
}

/* ---- A world ------------------------------------------------------------------------- */

static struct world_setup any_setup(uint64_t seed, struct dice *d, uint32_t actors)
{
    static const uint32_t windows[] = { 64, 64, 64, 16, 1, 32767 };
    static const uint32_t blksizes[] = { 1468, 1468, 1228, 512, 65464 };

    return (struct world_setup){
        .seed = seed,
        .actors = actors,
        .sessions =
            dice_below(d, 8) ? 2 * actors + 8 : (uint32_t)dice_between(d, 1, actors),
        .sockets = (uint32_t)dice_below(d, 5),
        .unvalidated_max = dice_below(d, 8) ? 1024 : (uint32_t)dice_between(d, 1, 3),
        .window_max = windows[dice_below(d, 6)],
        .blksize_max = blksizes[dice_below(d, 5)],
        .turn = dice_below(d, 2) ? dice_below(d, 300 * KEDGE_USEC) : 0,
        .burst = dice_below(d, 3) ? 0 : (uint32_t)dice_between(d, 1, 20),
    };
}

static uint64_t most_blocks(const struct world *w, const struct asker *askers,
                            uint32_t clients)
{
    uint64_t most = 0;

    for (uint32_t i = 0; i < clients; i++) {
        uint64_t blksize = min_u64(512, askers[i].asked.blksize);

        most = max_u64(most, w->actors[i].file.size / blksize + 1);
    }
    return most;
}

static void count(const struct world *w, const struct asker *askers, uint32_t clients,
                  struct tally *tally)
{
    tally->worlds++;
    tally->transfers += clients;
    tally->datagrams += w->wire.datagrams;
    tally->events += w->events;
    tally->time += w->now;
    for (uint32_t i = 0; i < clients; i++) {
        tally->outcomes[askers[i].outcome]++;
        tally->good += askers[i].outcome == KEDGE_TFTP_OK;
        for (unsigned k = 0; k < OUTCOMES; k++)
            tally->server[k] += w->actors[i].outcomes[k];
    }
}

bool run_seed(uint64_t seed, bool trace, struct tally *tally, char failure[FAILURE_MAX])
{
    struct dice d = { .state = mix64(seed) };
    uint32_t clients = (uint32_t)dice_between(&d, 1, CLIENTS_MAX);
    uint32_t strangers = (uint32_t)dice_below(&d, STRANGERS_MAX);
    struct world_setup setup = any_setup(seed, &d, clients + strangers);
    struct world *w;
    struct asker *askers = calloc(clients, sizeof *askers);
    bool good;

    setup.auto_port = setup.sockets > 0 && dice_below(&d, 3) == 0;
    w = world_open(&setup);
    w->trace = trace;
    for (uint32_t i = 0; i < clients; i++)
        add_client(w, &askers[i]);
    for (uint32_t i = 0; i < strangers; i++)
        add_stranger(w);
    w->end = w->now +
             TFTP_ATTEMPTS_MAX * (100 + 2 * most_blocks(w, askers, clients)) * KEDGE_SEC;
    world_run(w);
    count(w, askers, clients, tally);
    memcpy(failure, w->failure, FAILURE_MAX);
    good = !failure[0];
    free(askers);
    world_close(w);
    return good;
}
