/* SPDX-License-Identifier: MIT */
/* Puts: switches, routers and boards that send a file. */
#include "scenes.h"

/* An ACK of another block than the one it sent is an error to it. */
static const struct traits lwip = {
    .name = "lwIP",
    .older = SAY_ERROR_5,
    .probe = -1,
    .asks_every = 10 * KEDGE_SEC,
    .waits = 10 * KEDGE_SEC,
    .tries = 5,
};

#define WRQ LITERAL("\0\2conf\0octet\0")

static void lwip_answers_a_duplicate_ack_with_error_5(struct scene *s)
{
    struct actor *a = scene_put(s, &lwip, WRQ, 51200);

    befall(&a->up, KEDGE_TFTP_DATA, 10, COPY, 1);
    befall(&a->up, KEDGE_TFTP_DATA, 20, COPY, 1);
    a->up.rule[1].delay = MS(6); /* three blocks later */
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->errors_sent == 0);
    EXPECT(s, a->file.kept && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->acks == 102);
}

/* Its DATA is lost, and only its timer of 10 s brings it: our silence is not broken so often
 * that a second ACK meets it. */
static void lwip_waits_ten_seconds(struct scene *s)
{
    static const struct traits patient = { .name = "lwIP",
                                           .older = SILENCE,
                                           .probe = -1,
                                           .asks_every = 10 * KEDGE_SEC,
                                           .waits = 10 * KEDGE_SEC,
                                           .tries = 5 };
    struct actor *a = scene_put(s, &patient, WRQ, 51200);

    befall(&a->up, KEDGE_TFTP_DATA, 50, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->file.kept);
    EXPECT(s, a->acks <= 102 + 4); /* after 1, 2, 4 s */
}

/* U-Boot built with lwIP: it asks for more, and is as strict. */
static void uboot_with_lwip_takes_no_second_ack(struct scene *s)
{
    struct actor *a = scene_put(
        s, &lwip, LITERAL("\0\2conf\0octet\0tsize\00051200\0blksize\0001468\0"), 51200);

    befall(&a->up, KEDGE_TFTP_DATA, 10, COPY, 1);
    befall(&a->up, KEDGE_TFTP_DATA, 20, COPY, 1);
    a->up.rule[1].delay = MS(6);
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->errors_sent == 0);
    EXPECT(s, a->file.kept && a->outcomes[KEDGE_TFTP_OK] == 1);
}

/* U-Boot's put goes on behind whatever block an ACK is of, back or forth: an ACK too many
 * would make it send a block twice, and that bring the next. */
static void uboot_puts_behind_whatever_is_acknowledged(struct scene *s)
{
    static const struct traits uboot = { .name = "U-Boot",
                                         .any_ack = true,
                                         .probe = -1,
                                         .asks_every = 5 * KEDGE_SEC,
                                         .waits = 5 * KEDGE_SEC,
                                         .tries = 10 };
    struct actor *a = scene_put(
        s, &uboot,
        LITERAL("\0\2conf\0octet\0timeout\0005\0blksize\0001468\0tsize\00051200\0"),
        51200);

    befall(&a->up, KEDGE_TFTP_DATA, 5, DROP, 1);
    befall(&a->up, KEDGE_TFTP_DATA, 10, COPY, 1);
    befall(&a->down, KEDGE_TFTP_ACK, 20, COPY, 1);
    a->down.rule[0].delay = MS(5); /* three blocks later */
    world_run(s->w);
    EXPECT(s, self(a)->done && a->file.times_kept == 1);
    EXPECT(s, a->outcomes[KEDGE_TFTP_OK] == 1 && a->acks <= 36 + 8);
}

static const struct traits cisco = {
    .name = "Cisco IOS",
    .older = SILENCE,
    .probe = -1,
    .asks_every = 4 * KEDGE_SEC,
    .waits = 4 * KEDGE_SEC,
    .tries = 10,
};

/* One upload, and never "file exists" for its own. */
static void cisco_repeats_its_wrq_after_4_s(struct scene *s)
{
    struct actor *a = scene_put(s, &cisco, WRQ, 51200);

    a->file.open_delay = 10 * KEDGE_SEC;
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->requests == 3);
    EXPECT(s, a->sessions == 1 && a->file.times_kept == 1);
    EXPECT(s, a->outcomes[KEDGE_TFTP_OK] == 1);
}

static void cisco_loses_ack_0(struct scene *s)
{
    struct actor *a = scene_put(s, &cisco, WRQ, 51200);

    befall(&a->down, KEDGE_TFTP_ACK, 0, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->requests == 2 && a->sessions == 1);
    EXPECT(s, a->file.times_kept == 1);
}

/* The last ACK is lost: a receiver dallies. */
static void the_last_ack_of_an_upload_is_lost(struct scene *s)
{
    struct actor *a = scene_put(s, &cisco, WRQ, 51200);

    befall(&a->down, KEDGE_TFTP_ACK, 101, DROP, 2);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->file.times_kept == 1);
    EXPECT(s, a->outcomes[KEDGE_TFTP_OK] == 1);
}

/* The disk takes its time: the peer repeats its last block, and is not answered before. */
static void a_commit_takes_longer_than_the_peers_timer(struct scene *s)
{
    struct actor *a = scene_put(s, &cisco, WRQ, 51200);

    a->file.commit_delay = 9 * KEDGE_SEC;
    world_run(s->w);
    EXPECT(s, self(a)->done && a->file.times_kept == 1 && a->sessions == 1);
    EXPECT(s, self(a)->done_at >= KEDGE_SEC + 9 * KEDGE_SEC);
}

static void the_disk_is_full(struct scene *s)
{
    struct actor *a = scene_put(s, &cisco, WRQ, 51200);

    a->file.full_at = 20000;
    world_run(s->w);
    EXPECT(s, self(a)->failed && self(a)->error == KEDGE_TFTP_FULL);
    EXPECT(s, !a->file.kept && a->outcomes[KEDGE_TFTP_FAILED] == 1);
}

static void the_commit_fails(struct scene *s)
{
    struct actor *a = scene_put(s, &cisco, WRQ, 51200);

    a->file.commit_fails = true;
    world_run(s->w);
    EXPECT(s, self(a)->failed && !a->file.kept && self(a)->error == KEDGE_TFTP_FULL);
}

/* A put of exactly 65,535 whole blocks: the last is number 0, and empty. tftp-hpa and curl
 * send one more after it; the file is whole. */
static void hpa_ends_with_block_0(struct scene *s)
{
    struct actor *a = scene_put(s, &cisco, WRQ, 65535ULL * 512);

    world_run(s->w);
    EXPECT(s, a->file.kept && a->outcomes[KEDGE_TFTP_OK] == 1);
}

/* While the file is being kept its sender loses patience: the file is whole all the same. */
static void the_peer_gives_up_during_the_commit(struct scene *s)
{
    static const struct traits hasty = { .name = "hasty",
                                         .older = SILENCE,
                                         .probe = -1,
                                         .asks_every = KEDGE_SEC,
                                         .waits = MS(100),
                                         .tries = 3 };
    struct actor *a = scene_put(s, &hasty, WRQ, 51200);

    a->file.commit_delay = 2 * KEDGE_SEC;
    a->tells_closed = true;
    world_run(s->w);
    EXPECT(s, self(a)->failed && a->file.kept);
    EXPECT(s, a->outcomes[KEDGE_TFTP_OK] == 1);
}

static void kedge_waits_for_a_slow_commit(struct scene *s)
{
    struct actor *a = scene_kedge(s, KEDGE_TFTP_WRQ, 400000);
    struct asker *k = a->self;

    a->file.commit_delay = 20 * KEDGE_SEC;
    world_run(s->w);
    EXPECT(s, k->outcome == KEDGE_TFTP_OK && a->file.times_kept == 1);
    EXPECT(s, k->blocks <= 273 + 12 * 32);
}

static void kedge_puts_over_a_link_that_loses_many(struct scene *s)
{
    struct actor *a = scene_kedge(s, KEDGE_TFTP_WRQ, 400000);
    struct asker *k = a->self;

    a->up.params.loss_ppm = a->down.params.loss_ppm = 50000;
    world_run(s->w);
    EXPECT(s, k->outcome == KEDGE_TFTP_OK && a->file.times_kept == 1);
}

const struct scenario put_scenarios[] = {
    SCENE(lwip_answers_a_duplicate_ack_with_error_5),
    SCENE(lwip_waits_ten_seconds),
    SCENE(uboot_with_lwip_takes_no_second_ack),
    SCENE(uboot_puts_behind_whatever_is_acknowledged),
    SCENE(cisco_repeats_its_wrq_after_4_s),
    { .name = "cisco_repeats_its_wrq_with_one_port_here",
      .play = cisco_repeats_its_wrq_after_4_s },
    SCENE(cisco_loses_ack_0),
    SCENE(the_last_ack_of_an_upload_is_lost),
    SCENE(a_commit_takes_longer_than_the_peers_timer),
    SCENE(the_disk_is_full),
    SCENE(the_commit_fails),
    SCENE(hpa_ends_with_block_0),
    SCENE(the_peer_gives_up_during_the_commit),
    SCENE(kedge_waits_for_a_slow_commit),
    SCENE(kedge_puts_over_a_link_that_loses_many),
};
const size_t put_scenario_count = sizeof put_scenarios / sizeof *put_scenarios;
