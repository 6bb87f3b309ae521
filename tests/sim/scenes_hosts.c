/* SPDX-License-Identifier: MIT */
/* Gets by programs, boot ROMs and switches, by kedge itself, and by nobody in particular. */
#include "scenes.h"

#include <string.h>

/* ---- curl, atftp, tftp-hpa --------------------------------------------------------------- */

static const struct traits curl = {
    .name = "curl",
    .older = ACK_LAST,
    .ahead = SILENCE,
    .second_oack = STARTS_OVER, /* it falls back to block 0 */
    .drops_tsize_0 = true,
    .exact_timeout = true,
    .probe = -1,
    .asks_every = 6 * KEDGE_SEC,
    .waits = 6 * KEDGE_SEC,
    .tries = 5,
};

#define CURL LITERAL("\0\1image\0octet\0tsize\0000\0blksize\000512\0timeout\0006\0")

static void curl_gets_an_empty_file(struct scene *s)
{
    struct actor *a = scene_get(s, &curl, CURL, 0);

    self(a)->asked_timeout = 6;
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(a)->requests == 1 && self(a)->tsize == -1);
}

static void curl_falls_back_to_block_0_at_a_second_oack(struct scene *s)
{
    struct actor *a = scene_get(s, &curl, CURL, 30000);

    self(a)->asked_timeout = 6;
    befall(&a->up, KEDGE_TFTP_ACK, 0, DELAY, 1);
    a->up.rule[0].delay = 4 * KEDGE_SEC;
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->oacks == 1);
}

/* A block that comes again it acknowledges once; it speaks again after 5 s in which nothing
 * came at all. */
static const struct traits atftp = {
    .name = "atftp",
    .older = ACK_LAST_ONCE,
    .waits_anew = true,
    .ahead = SILENCE,
    .second_oack = ABORTS,
    .probe = -1,
    .asks_every = 5 * KEDGE_SEC,
    .waits = 5005 * KEDGE_MSEC,
    .tries = 5,
};

static void atftp_aborts_at_a_second_oack(struct scene *s)
{
    struct actor *a = scene_get(s, &atftp, CURL, 30000);

    befall(&a->down, KEDGE_TFTP_DATA, 1, DROP, 4);
    befall(&a->up, KEDGE_TFTP_ACK, 0, DELAY, 1);
    a->up.rule[0].delay = 4 * KEDGE_SEC;
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->oacks == 1);
}

static void atftp_speaks_again_after_5_s_of_silence(struct scene *s)
{
    struct actor *a = scene_get(s, &atftp, IPXE, 30000);

    befall(&a->up, KEDGE_TFTP_ACK, 20, DROP, 2);
    world_run(s->w);
    EXPECT(s, self(a)->done && s->w->now < 20 * KEDGE_SEC);
}

static const struct traits hpa = {
    .name = "tftp-hpa",
    .older = SILENCE,
    .ahead = SILENCE,
    .acks_errors = true,
    .probe = -1,
    .asks_every = 5 * KEDGE_SEC,
    .waits = 5 * KEDGE_SEC,
    .tries = 5,
};

static void hpa_acknowledges_an_error(struct scene *s)
{
    struct actor *a = scene_get(s, &hpa, LITERAL("\0\1image\0octet\0"), 0);

    a->file.refuse = KEDGE_TFTP_NOT_FOUND;
    world_run(s->w);
    EXPECT(s, self(a)->failed && self(a)->acks == 1);
    EXPECT(s, a->errors == 1); /* and no ERROR 5 for that ACK */
}

/* ---- Boot ROMs ------------------------------------------------------------------------- */

static const struct traits rom = {
    .name = "ROM",
    .older = ACK_LAST,
    .ahead = SILENCE,
    .probe = -1,
    .asks_every = KEDGE_SEC,
    .waits = KEDGE_SEC,
    .tries = 10,
};

/* Thirteen files, one after another, from one port: each request comes with the last ACK of
 * the file before, and is often looked at first. */
static void lpxelinux_uses_its_port_again(struct scene *s)
{
    struct actor *a = scene_get(s, &rom, IPXE, 14320);

    self(a)->files = 13;
    world_run(s->w);
    EXPECT(s, self(a)->done && a->sessions == 13);
    EXPECT(s, a->outcomes[KEDGE_TFTP_OK] == 13 && self(a)->requests == 13);
}

static void pxelinux_asks_for_ten_missing_files(struct scene *s)
{
    struct actor *a = scene_get(s, &rom, IPXE, 0);

    self(a)->files = 10;
    a->file.refuse = KEDGE_TFTP_NOT_FOUND;
    world_run(s->w);
    EXPECT(s, self(a)->failed && self(a)->requests == 10 && a->errors == 10);
    EXPECT(s, self(a)->done_at <= KEDGE_SEC + MS(10 * 3)); /* a round trip each */
}

/* Each file is asked for twice from neighbouring ports, and the first is dropped. */
static void raspberry_pi_asks_twice_and_aborts_the_first(struct scene *s)
{
    static const struct traits pi = { .name = "Raspberry Pi",
                                      .older = ACK_LAST,
                                      .ahead = SILENCE,
                                      .probe = 0,
                                      .probes_anew = true,
                                      .asks_every = KEDGE_SEC,
                                      .waits = KEDGE_SEC,
                                      .tries = 10 };
    struct actor *a = scene_get(
        s, &pi, LITERAL("\0\1start.elf\0octet\0tsize\0000\0blksize\0001024\0"), 80000);

    befall(&a->down, KEDGE_TFTP_OACK, -1, COPY, 2); /* doubled OACKs were seen */
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_PROBE] == 1);
    EXPECT(s, a->outcomes[KEDGE_TFTP_OK] == 1);
}

static void pa_risc_pads_its_request_to_516_bytes(struct scene *s)
{
    static const uint8_t padded[516] = "\0\1vmunix\0octet";
    struct actor *a =
        scene_get(s, &rom, (struct kedge_span){ padded, sizeof padded }, 5000);

    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->oacks == 0 && a->blocks == 10);
}

static void a_diskless_sun_broadcasts_its_request(struct scene *s)
{
    struct actor *a = scene_get(s, &rom, LITERAL("\0\1C0A80001\0octet\0"), 5000);

    a->broadcasts = true;
    world_run(s->w);
    EXPECT(s, self(a)->failed && a->replies + a->blocks == 0 && a->sessions == 0);
}

static void procurve_asks_in_netascii_with_options(struct scene *s)
{
    struct actor *a = scene_get(
        s, &rom,
        LITERAL("\0\1conf\0netascii\0tsize\0000\0windowsize\0008\0blksize\0001024\0"),
        5000);

    a->file.size_unknown = true;
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->windowsize == -1 && self(a)->tsize == -1);
    EXPECT(s, self(a)->blksize == 1024);
}

/* Its ACKs are of five bytes where msftwindow was granted, which it never is. */
static void bootmgr_asks_for_a_window_of_its_own(struct scene *s)
{
    static const struct traits bootmgr = { .name = "bootmgr",
                                           .older = ACK_LAST,
                                           .ahead = ACK_LAST_ONCE,
                                           .only_asked = true,
                                           .long_acks = true,
                                           .probe = -1,
                                           .asks_every = KEDGE_SEC,
                                           .waits = KEDGE_SEC,
                                           .tries = 10 };
    struct actor *a = scene_get(s, &bootmgr,
                                LITERAL("\0\1\\Boot\\BCD\0octet\0tsize\0000\0blksize\0"
                                        "1456\0windowsize\0004\0msftwindow\00031416\0"),
                                80000);

    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->windowsize == 4 && a->blocks == 55);
}

/* A board is reset in the middle: the same request, from the same port. */
static void a_board_is_reset_and_its_port_comes_again(struct scene *s)
{
    struct actor *a = scene_kedge(s, KEDGE_TFTP_RRQ, 400000);
    struct asker *k = a->self;

    k->asked.has = 0;
    k->same_port = true;
    k->resets_at = s->w->now + MS(300);
    world_run(s->w);
    EXPECT(s, k->outcome == KEDGE_TFTP_OK && a->sessions == 2);
    EXPECT(s, a->outcomes[KEDGE_TFTP_REPLACED] == 1);
}

/* ---- Nobody in particular ---------------------------------------------------------------- */

/* An echo service got a request in its name: whatever it is sent comes back. */
static void echo_back(struct world *w, struct actor *a, const struct datagram *d,
                      struct kedge_span bytes)
{
    actor_send(w, a, d->socket, bytes);
}

static void ask_once(struct world *w, struct actor *a)
{
    a->open = true;
    actor_send(w, a, REQUEST_PORT, LITERAL("\0\1image\0octet\0tsize\0000\0"));
}

static void a_naive_echo_gets_two_packets_and_no_more(struct scene *s)
{
    static const struct actor_kind echo = {
        .name = "echo", .start = ask_once, .packet = echo_back, .timer = ask_once
    };
    struct actor *a = world_add(s->w, &echo, NULL, s->w->now);

    a->file.size = 5000;
    world_run(s->w);
    EXPECT(s, a->replies + a->blocks == 2);
}

static void kedge_finds_the_block_size_that_gets_through(struct scene *s)
{
    struct actor *a = scene_kedge(s, KEDGE_TFTP_RRQ, 400000);
    struct asker *k = a->self;

    k->recovers = true;
    a->down.params.mtu = 1280; /* and whatever is longer vanishes */
    world_run(s->w);
    EXPECT(s, k->outcome == KEDGE_TFTP_OK && k->client.granted.blksize == 1228);
}

/* 1 MiB, 20 ms, a twentieth lost each way. What the waits and the spacing make of it is easily
 * ten times as long, with a window of 64 even more than with one of 16. */
static void kedge_gets_over_a_link_that_loses_many(struct scene *s)
{
    static const uint32_t windows[] = { 16, 16, 16, 16, 64, 64, 64, 64 };
    kedge_nanos sum[65] = { 0 };
    uint64_t blocks = 0;

    for (unsigned i = 0; i < 8; i++) {
        struct actor *a = scene_kedge(s, KEDGE_TFTP_RRQ, 1048576);
        struct asker *k = a->self;

        k->asked.windowsize = windows[i];
        a->up.params.delay = a->down.params.delay = MS(10);
        a->up.params.loss_ppm = a->down.params.loss_ppm = 50000;
    }
    world_run(s->w);
    for (unsigned i = 0; i < 8; i++) {
        EXPECT(s, s->asker[i].outcome == KEDGE_TFTP_OK);
        sum[windows[i]] += s->asker[i].done_at - KEDGE_SEC;
        blocks += s->w->actors[i].blocks;
    }
    EXPECT(s, sum[16] < 4 * 6 * KEDGE_SEC && sum[64] < 4 * 4 * KEDGE_SEC);
    EXPECT(s, blocks < 8 * 1800);
}

static void kedge_lowers_its_window_for_a_small_ring(struct scene *s)
{
    struct actor *a = scene_kedge(s, KEDGE_TFTP_RRQ, 400000);
    struct asker *k = a->self;

    a->down.params.bits_per_s = 10000000;
    a->down.params.queue_bytes = 20000; /* 13 of 32 blocks */
    world_run(s->w);
    EXPECT(s, k->outcome == KEDGE_TFTP_OK);
    EXPECT(s, s->w->now < KEDGE_SEC + 30 * KEDGE_SEC);
}

static void the_numbers_wrap(struct scene *s)
{
    struct actor *a = scene_kedge(s, KEDGE_TFTP_RRQ, 70000ULL * 8);
    struct actor *b = scene_kedge(s, KEDGE_TFTP_WRQ, 70000ULL * 8 + 3);
    struct asker *k = a->self;
    struct asker *m = b->self;

    k->asked.blksize = m->asked.blksize = 8;
    m->asked.has |= KEDGE_TFTP_HAS_ROLLOVER;
    m->asked.rollover = 1;
    a->down.params.loss_ppm = b->up.params.loss_ppm = 500;
    world_run(s->w);
    EXPECT(s, k->outcome == KEDGE_TFTP_OK && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, m->outcome == KEDGE_TFTP_OK && b->outcomes[KEDGE_TFTP_OK] == 1);
}

const struct scenario host_scenarios[] = {
    SCENE(curl_gets_an_empty_file),
    SCENE(curl_falls_back_to_block_0_at_a_second_oack),
    SCENE(atftp_aborts_at_a_second_oack),
    SCENE(atftp_speaks_again_after_5_s_of_silence),
    SCENE(hpa_acknowledges_an_error),
    SCENE(lpxelinux_uses_its_port_again),
    { .name = "lpxelinux_uses_its_port_again_with_one_port_here",
      .play = lpxelinux_uses_its_port_again },
    SCENE(pxelinux_asks_for_ten_missing_files),
    SCENE(raspberry_pi_asks_twice_and_aborts_the_first),
    SCENE(pa_risc_pads_its_request_to_516_bytes),
    SCENE(a_diskless_sun_broadcasts_its_request),
    SCENE(procurve_asks_in_netascii_with_options),
    SCENE(bootmgr_asks_for_a_window_of_its_own),
    SCENE(a_board_is_reset_and_its_port_comes_again),
    { .name = "a_board_is_reset_with_one_port_here",
      .play = a_board_is_reset_and_its_port_comes_again },
    SCENE(a_naive_echo_gets_two_packets_and_no_more),
    SCENE(kedge_finds_the_block_size_that_gets_through),
    SCENE(kedge_gets_over_a_link_that_loses_many),
    SCENE(kedge_lowers_its_window_for_a_small_ring),
    SCENE(the_numbers_wrap),
};
const size_t host_scenario_count = sizeof host_scenarios / sizeof *host_scenarios;
