/* SPDX-License-Identifier: MIT */
/* Gets by boards: U-Boot, lwIP, Zephyr. */
#include "scenes.h"

/* ---- U-Boot -------------------------------------------------------------------------- */

static const struct traits uboot = {
    .name = "U-Boot",
    .older = SILENCE, /* no ACK again: its own timer must run out */
    .ahead = ACK_LAST_ONCE,
    .exact_timeout = true,
    .again_on_error = true,
    .probe = -1,
    .asks_every = 5 * KEDGE_SEC,
    .waits = 5 * KEDGE_SEC,
    .tries = 10,
};

#define UBOOT_WINDOW(n)                                                                  \
    LITERAL(                                                                             \
        "\0\1image\0octet\0timeout\0005\0blksize\0001468\0tsize\000777\0windowsize\0" #n \
        "\0")
#define UBOOT LITERAL("\0\1image\0octet\0timeout\0005\0blksize\0001468\0tsize\000777\0")

static void uboot_boots(struct scene *s)
{
    struct actor *a = scene_get(s, &uboot, UBOOT, 100000);

    self(a)->asked_timeout = 5;
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(a)->tsize == 100000); /* not the 777 of its last file */
    EXPECT(s, self(a)->timeout == 5);
    EXPECT(s, a->blocks == 100000 / 1468 + 1);
}

/* It has told of no gap before block 1, and block 0 is where it last told of one. */
static void uboot_loses_block_1_of_the_first_window_and_says_nothing(struct scene *s)
{
    struct actor *a = scene_get(s, &uboot, UBOOT_WINDOW(4), 100000);

    self(a)->asked_timeout = 5;
    befall(&a->down, KEDGE_TFTP_DATA, 1, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks <= 69 + 4);
    EXPECT(s, self(a)->done_at < KEDGE_SEC + MS(500)); /* by our timer, not its own */
}

static void uboot_tells_of_a_gap_once_and_then_waits(struct scene *s)
{
    struct actor *a = scene_get(s, &uboot, UBOOT_WINDOW(8), 100000);

    self(a)->asked_timeout = 5;
    befall(&a->down, KEDGE_TFTP_DATA, 19, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks <= 69 + 8);
    EXPECT(s, self(a)->done_at < KEDGE_SEC + MS(500));
}

/* Its window now ends two blocks after ours, so it waits for what we may not send; only its
 * own timer can end that. */
static void uboot_loses_its_gap_notice_too(struct scene *s)
{
    struct actor *a = scene_get(s, &uboot, UBOOT_WINDOW(8), 100000);

    self(a)->asked_timeout = 5;
    befall(&a->down, KEDGE_TFTP_DATA, 19, DROP, 1);
    befall(&a->up, KEDGE_TFTP_ACK, 18, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks <= 69 + 8 * 8);
    EXPECT(s, self(a)->done_at < KEDGE_SEC + MS(5500));
}

/* Blocks it has had it drops in silence, so only its timer of 5 s gets the ACK across. */
static void uboot_does_not_acknowledge_again(struct scene *s)
{
    struct actor *a = scene_get(s, &uboot, UBOOT, 20000);

    self(a)->asked_timeout = 5;
    befall(&a->up, KEDGE_TFTP_ACK, 7, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks <= 14 + 8); /* a doubling timer, no stream */
}

static void uboot_runs_its_image_and_the_last_ack_never_comes(struct scene *s)
{
    struct actor *a = scene_get(s, &uboot, UBOOT, 20000);

    self(a)->asked_timeout = 5;
    befall(&a->up, KEDGE_TFTP_ACK, 14, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_UNCONFIRMED] == 1);
    EXPECT(s, a->blocks == 14 + 3);
}

static void uboot_begins_again_for_ever_but_for_errors_1_and_2(struct scene *s)
{
    struct actor *a = scene_get(s, &uboot, UBOOT, 0);

    a->file.refuse = KEDGE_TFTP_NOT_FOUND;
    world_run(s->w);
    EXPECT(s, self(a)->failed && self(a)->requests == 1);
    EXPECT(s, a->outcomes[KEDGE_TFTP_REFUSED] == 1 && a->errors == 1);
}

/* Its count of blocks goes from 65535 to 0, and not to 1. */
static void uboot_counts_past_65535(struct scene *s)
{
    struct actor *a = scene_get(s, &uboot, UBOOT_WINDOW(8), 66000ULL * 1468);

    self(a)->asked_timeout = 5;
    befall(&a->down, KEDGE_TFTP_DATA, 0, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks <= 66001 + 8);
}

/* ---- lwIP, Zephyr --------------------------------------------------------------------- */

static const struct traits lwip = {
    .name = "lwIP",
    .older = ACK_PREVIOUS, /* any other block ends it */
    .ahead = SAY_ERROR_5,
    .probe = -1,
    .asks_every = 10 * KEDGE_SEC,
    .waits = 10 * KEDGE_SEC,
    .tries = 5,
};

static void lwip_asks_in_mode_binary(struct scene *s)
{
    struct actor *a = scene_get(s, &lwip, LITERAL("\0\1image\0binary\0"), 51200);

    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks == 101 && a->replies == 0);
}

static void lwip_answers_any_other_block_with_error_5(struct scene *s)
{
    struct actor *a = scene_get(s, &lwip, LITERAL("\0\1image\0octet\0"), 51200);

    for (int n = 10; n < 60; n += 10) {
        befall(&a->up, KEDGE_TFTP_ACK, n, DROP, 1);
        befall(&a->up, KEDGE_TFTP_ACK, n + 3, COPY, 1); /* brings no second DATA */
        if (a->up.rules == WIRE_RULES)
            break;
    }
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(a)->errors_sent == 0);
    EXPECT(s, a->blocks == 101 + 4);
}

/* U-Boot built with lwIP asks for tsize, then blksize; else it is lwIP. */
static void uboot_with_lwip_asks_for_tsize_and_blksize(struct scene *s)
{
    struct actor *a = scene_get(
        s, &lwip, LITERAL("\0\1image\0octet\0tsize\0000\0blksize\0001468\0"), 100000);

    befall(&a->up, KEDGE_TFTP_ACK, 0, DROP, 1);
    befall(&a->up, KEDGE_TFTP_ACK, 10, DROP, 1);
    befall(&a->up, KEDGE_TFTP_ACK, 20, COPY, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->errors_sent == 0);
    EXPECT(s, a->outcomes[KEDGE_TFTP_OK] == 1 && self(a)->tsize == 100000);
    EXPECT(s, a->blocks == 100000 / 1468 + 1 + 1);
}

/* It takes DATA from whatever port: two transfers for one request would be mixed up. */
static void lwip_never_locks_the_servers_port(struct scene *s)
{
    static const struct traits open = { .name = "lwIP",
                                        .older = ACK_PREVIOUS,
                                        .ahead = SAY_ERROR_5,
                                        .any_socket = true,
                                        .probe = -1,
                                        .asks_every = 10 * KEDGE_SEC,
                                        .waits = 10 * KEDGE_SEC,
                                        .tries = 5 };
    struct actor *a = scene_get(s, &open, LITERAL("\0\1image\0octet\0"), 51200);

    befall(&a->up, KEDGE_TFTP_RRQ, -1, COPY, 1);
    a->up.rule[0].delay = MS(3); /* ahead of the ACK of block 1, and behind */
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->errors_sent == 0);
    EXPECT(s, a->sessions == 1 && a->outcomes[KEDGE_TFTP_OK] == 1);
}

static const struct traits zephyr = {
    .name = "Zephyr",
    .older = ACK_LAST, /* at once, whatever comes */
    .ahead = ACK_LAST,
    .probe = -1,
    .asks_every = 3 * KEDGE_SEC,
    .waits = 3 * KEDGE_SEC,
    .tries = 5,
};

/* The Sorcerer's Apprentice: an answer to each of these ACKs would double every packet. */
static void zephyr_acknowledges_copies_at_once(struct scene *s)
{
    struct actor *a = scene_get(s, &zephyr, LITERAL("\0\1image\0octet\0"), 51200);

    befall(&a->down, KEDGE_TFTP_DATA, 5, COPY, 1);
    befall(&a->down, KEDGE_TFTP_DATA, 50, COPY, 1);
    a->down.rule[1].delay = MS(3);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks == 101);
}

/* Its count is not cut to 16 bits: after block 65535 it answers each DATA by ACK 65535, at
 * once and until its patience ends. It must not be answered as often. */
static void zephyr_cannot_count_past_65535(struct scene *s)
{
    static const struct traits wide = { .name = "Zephyr",
                                        .older = ACK_LAST,
                                        .ahead = ACK_LAST,
                                        .counts_wide = true,
                                        .probe = -1,
                                        .asks_every = 3 * KEDGE_SEC,
                                        .waits = 3 * KEDGE_SEC,
                                        .tries = 5 };
    struct actor *a =
        scene_get(s, &wide, LITERAL("\0\1image\0octet\0"), 65535ULL * 512 + 100);

    world_run(s->w);
    EXPECT(s, self(a)->failed && self(a)->next == 65536);
    EXPECT(s,
           a->outcomes[KEDGE_TFTP_OK] == 0 && a->blocks <= 65536 + 16); /* by the timer */
}

/* Its ERROR has no NUL behind the text; it is over all the same. */
static void zephyr_ends_by_an_error_without_a_nul(struct scene *s)
{
    static const struct traits leaving = { .name = "Zephyr",
                                           .older = ACK_LAST,
                                           .ahead = ACK_LAST,
                                           .bare_errors = true,
                                           .reads_only = 3,
                                           .probe = -1,
                                           .asks_every = 3 * KEDGE_SEC,
                                           .waits = 3 * KEDGE_SEC,
                                           .tries = 5 };
    struct actor *a = scene_get(s, &leaving, LITERAL("\0\1image\0octet\0"), 51200);

    world_run(s->w);
    EXPECT(s, self(a)->next == 4 && a->outcomes[KEDGE_TFTP_ABORTED] == 1);
    EXPECT(s, a->blocks <= 4);
}

/* ---- A ROM that asks for blksize and crashes when it gets it ---------------------------- */

/* Nothing can be done for it here but to leave it alone soon, and to serve it as any other
 * when it is reset and asks without (U-Boot's tftpblocksize, a loader's own setting). */
static void a_rom_crashes_when_it_is_granted_blksize(struct scene *s)
{
    static const struct traits crashing = { .name = "a ROM that crashes",
                                            .dies_of_oack = true,
                                            .probe = -1,
                                            .asks_every = KEDGE_SEC,
                                            .tries = 1 };
    struct actor *a =
        scene_get(s, &crashing, LITERAL("\0\1image\0octet\0blksize\0001456\0"), 51200);
    struct actor *plain = scene_get(s, &crashing, LITERAL("\0\1image\0octet\0"), 51200);

    world_run(s->w);
    EXPECT(s, self(a)->oacks == 1 && a->replies <= 2 && a->blocks == 0);
    EXPECT(s, a->outcomes[KEDGE_TFTP_TIMEOUT] == 1);
    EXPECT(s, self(plain)->done && plain->outcomes[KEDGE_TFTP_OK] == 1);
}

const struct scenario board_scenarios[] = {
    SCENE(uboot_boots),
    SCENE(uboot_loses_block_1_of_the_first_window_and_says_nothing),
    SCENE(uboot_tells_of_a_gap_once_and_then_waits),
    SCENE(uboot_loses_its_gap_notice_too),
    SCENE(uboot_does_not_acknowledge_again),
    SCENE(uboot_runs_its_image_and_the_last_ack_never_comes),
    SCENE(uboot_begins_again_for_ever_but_for_errors_1_and_2),
    SCENE(uboot_counts_past_65535),
    SCENE(lwip_asks_in_mode_binary),
    SCENE(uboot_with_lwip_asks_for_tsize_and_blksize),
    SCENE(lwip_never_locks_the_servers_port),
    { .name = "lwip_never_locks_the_port_with_one_port_here",
      .play = lwip_never_locks_the_servers_port },
    SCENE(lwip_answers_any_other_block_with_error_5),
    SCENE(zephyr_acknowledges_copies_at_once),
    SCENE(zephyr_cannot_count_past_65535),
    SCENE(zephyr_ends_by_an_error_without_a_nul),
    SCENE(a_rom_crashes_when_it_is_granted_blksize),
};
const size_t board_scenario_count = sizeof board_scenarios / sizeof *board_scenarios;
