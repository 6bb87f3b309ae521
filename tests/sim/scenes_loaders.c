/* SPDX-License-Identifier: MIT */
/* Gets by what boots a PC: iPXE, GRUB, EDK2. */
#include "scenes.h"
#include "serving.h"

/* ---- iPXE ------------------------------------------------------------------------------ */

static const struct traits ipxe = {
    .name = "iPXE",
    .older = ACK_LAST, /* every DATA is acknowledged, copies too */
    .ahead = ACK_LAST,
    .acks_each = true,
    .fails_at_0 = true,
    .probe = -1,
    .asks_every = KEDGE_SEC,
    .waits = 2 * KEDGE_SEC,
    .tries = 8,
};

static const struct traits ipxe_probing = {
    .name = "iPXE",
    .older = ACK_LAST,
    .ahead = ACK_LAST,
    .probe = 0,
    .asks_every = KEDGE_SEC,
    .waits = 2 * KEDGE_SEC,
    .tries = 8,
};

static void ipxe_acknowledges_every_block(struct scene *s)
{
    struct actor *a = scene_get(s, &ipxe, IPXE, 100000);

    a->down.params.copy_ppm = 300000;
    a->down.params.overtaken_by = MS(4);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks == 100000 / 1432 + 1);
    EXPECT(s, self(a)->acks > 80);
}

static void ipxe_aborts_a_size_probe_and_asks_again_from_the_same_port(struct scene *s)
{
    struct actor *a = scene_get(s, &ipxe_probing, IPXE, 100000);

    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->probed);
    EXPECT(s, a->outcomes[KEDGE_TFTP_PROBE] == 1 && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(a)->tsize == 100000);
}

/* Its ERROR is lost: the second request finds the first transfer, and is the same. */
static void ipxe_loses_its_abort(struct scene *s)
{
    struct actor *a = scene_get(s, &ipxe_probing, IPXE, 100000);

    befall(&a->up, KEDGE_TFTP_ERROR, -1, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->sessions == 1);
}

/* By the scheme tftm:// it asks for multicast, too. */
static void ipxe_asks_for_multicast(struct scene *s)
{
    struct actor *a = scene_get(
        s, &ipxe, LITERAL("\0\1image\0octet\0blksize\0001432\0tsize\0000\0multicast\0\0"),
        100000);

    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(a)->blksize == 1432 && self(a)->tsize == 100000);
}

/* What is of another port than its transfer's gets no ERROR 5: if a copy of its request made
 * a second transfer, that would have to end by itself. */
static void ipxe_says_nothing_to_a_second_transfer(struct scene *s)
{
    struct actor *a = scene_get(s, &ipxe, IPXE, 100000);

    befall(&a->up, KEDGE_TFTP_RRQ, -1, COPY, 1);
    a->up.rule[0].delay = MS(30);
    world_run(s->w);
    EXPECT(s, self(a)->done && self(a)->errors_sent == 0);
    EXPECT(s, a->sessions == 1 && a->outcomes[KEDGE_TFTP_OK] == 1);
}

/* A first DATA of block 0 is the end to it: with options, without and of an empty file the
 * first is block 1. */
static void ipxe_fails_if_the_first_block_is_0(struct scene *s)
{
    struct actor *few = scene_get(s, &ipxe, IPXE, 5000);
    struct actor *plain = scene_get(s, &ipxe, LITERAL("\0\1image\0octet\0"), 5000);
    struct actor *empty = scene_get(s, &ipxe, LITERAL("\0\1image\0octet\0"), 0);

    world_run(s->w);
    EXPECT(s, self(few)->done && self(plain)->done && self(empty)->done);
    EXPECT(s, self(few)->next == 5 && self(plain)->next == 11 && self(empty)->next == 2);
}

/* ---- GRUB ------------------------------------------------------------------------------ */

static const struct traits grub = {
    .name = "GRUB",
    .older = ACK_LAST,
    .ahead = SILENCE,
    .needs_oack = true, /* DATA without one is never taken */
    .closes_by_error_0 = true,
    .probe = -1,
    .asks_every = MS(400),
    .asks_later = MS(20),
    .waits = 0, /* it never says anything again */
    .tries = 40,
};

#define GRUB LITERAL("\0\1/boot/grub.cfg\0octet\0blksize\0001024\0tsize\0000\0")

static void grub_repeats_its_request_while_the_file_opens_slowly(struct scene *s)
{
    struct actor *a = scene_get(s, &grub, GRUB, 100001);

    a->file.open_delay = 6 * KEDGE_SEC;
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(a)->requests > 8 && a->sessions == 1);
    EXPECT(s, a->replies <= 2);
    EXPECT(s, a->blocks == 100001 / 1024 + 1);
}

static void grub_closes_an_empty_file_by_error_0(struct scene *s)
{
    struct actor *empty = scene_get(s, &grub, GRUB, 0);
    struct actor *exact = scene_get(s, &grub, GRUB, 10240);

    world_run(s->w);
    EXPECT(s, self(empty)->done && empty->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(empty)->oacks == 1 && self(empty)->tsize == -1);
    EXPECT(s, self(exact)->done && exact->outcomes[KEDGE_TFTP_OK] == 1);
}

/* It repeats nothing: whatever is lost either way, our timer brings it. */
static void grub_has_no_timer_of_its_own(struct scene *s)
{
    struct actor *a = scene_get(s, &grub, GRUB, 100001);

    befall(&a->down, KEDGE_TFTP_DATA, 10, DROP, 2);
    befall(&a->up, KEDGE_TFTP_ACK, 30, DROP, 3);
    befall(&a->up, KEDGE_TFTP_ACK, 98, DROP, 1); /* the last: it has closed */
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_UNCONFIRMED] == 1);
    EXPECT(s, a->blocks <= 98 + 5 + 3);
}

/* ACK 0 is lost, and it never comes again: the OACK must. */
static void grub_loses_ack_0(struct scene *s)
{
    struct actor *a = scene_get(s, &grub, GRUB, 5000);

    befall(&a->up, KEDGE_TFTP_ACK, 0, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(a)->oacks == 2);
}

/* With 50 packets to digest it withholds its ACKs: that is no loss. */
static void grub_stalls_to_digest_what_it_has(struct scene *s)
{
    struct actor *a = scene_get(s, &grub, GRUB, 300000);

    a->busy_ppm = 20000;
    a->busy_most = 12 * KEDGE_SEC;
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks <= 293 + 8 * 10);
}

/* It looks at the head of each file that it finds, and closes. */
static void grub_reads_the_head_and_closes_by_error_0(struct scene *s)
{
    static const struct traits glance = { .name = "GRUB",
                                          .older = ACK_LAST,
                                          .ahead = SILENCE,
                                          .needs_oack = true,
                                          .reads_only = 3,
                                          .probe = -1,
                                          .asks_every = MS(400),
                                          .tries = 40 };
    struct actor *a = scene_get(s, &glance, GRUB, 300000);

    world_run(s->w);
    EXPECT(s, self(a)->next == 4 && a->outcomes[KEDGE_TFTP_ABORTED] == 1);
    EXPECT(s, a->blocks <= 4);
}

/* To it 65535 is not before 0: when the ACK of that block is lost, the block that comes
 * again is not acknowledged, and nothing can save the transfer. It must come to an end. */
static void grub_loses_ack_65535(struct scene *s)
{
    static const struct traits narrow = { .name = "GRUB",
                                          .older = ACK_LAST,
                                          .ahead = SILENCE,
                                          .needs_oack = true,
                                          .wraps_badly = true,
                                          .probe = -1,
                                          .asks_every = MS(400),
                                          .tries = 40 };
    struct actor *a = scene_get(s, &narrow, GRUB, 65600ULL * 1024);

    befall(&a->up, KEDGE_TFTP_ACK, 65535, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->next == 65536 && a->outcomes[KEDGE_TFTP_TIMEOUT] == 1);
    EXPECT(s, a->blocks <= 65535 + 20);
}

/* ---- EDK2 ------------------------------------------------------------------------------ */

static const struct traits edk2 = {
    .name = "EDK2",
    .older = ACK_LAST, /* each block out of order brings the same ACK */
    .ahead = ACK_LAST,
    .only_asked = true,
    .probe = -1,
    .asks_every = 4 * KEDGE_SEC,
    .waits = 4 * KEDGE_SEC,
    .tries = 6,
};

#define EDK2(n)                                                                          \
    LITERAL("\0\1image\0octet\0tsize\0000\0blksize\0001468\0windowsize\0" #n "\0")

static void edk2_sends_eight_equal_acks_after_one_loss(struct scene *s)
{
    struct actor *a = scene_get(s, &edk2, EDK2(8), 200000);

    befall(&a->down, KEDGE_TFTP_DATA, 17, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks <= 137 + 8); /* its window again, once */
}

/* The ACK is lost and the window comes again: each copy is answered, none by DATA. */
static void edk2_acknowledges_each_copy_of_a_window(struct scene *s)
{
    struct actor *a = scene_get(s, &edk2, EDK2(8), 200000);

    befall(&a->up, KEDGE_TFTP_ACK, 16, DROP, 1);
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, a->blocks <= 137 + 8);
}

static void edk2_probes_by_error_8_and_asks_from_a_new_port(struct scene *s)
{
    static const struct traits probing = { .name = "EDK2",
                                           .older = ACK_LAST,
                                           .ahead = ACK_LAST,
                                           .only_asked = true,
                                           .probe = 8,
                                           .probes_anew = true,
                                           .asks_every = 4 * KEDGE_SEC,
                                           .waits = 4 * KEDGE_SEC,
                                           .tries = 6 };
    struct actor *a = scene_get(s, &probing, EDK2(4), 200000);

    world_run(s->w);
    EXPECT(s, self(a)->done && a->sessions == 2);
    EXPECT(s, a->outcomes[KEDGE_TFTP_PROBE] == 1 && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(a)->tsize == 200000); /* without it, it does not boot */
}

/* A quarter of the fragments of large blocks is lost: the whole block with them. */
static void edk2_on_a_link_that_loses_many(struct scene *s)
{
    struct actor *a = scene_get(s, &edk2, EDK2(4), 200000);

    a->down.params.loss_ppm = 100000;
    a->up.params.loss_ppm = 100000;
    world_run(s->w);
    EXPECT(s, self(a)->done);
    EXPECT(s, a->blocks <= 137 + 2 * 4 * (a->up.troubles + a->down.troubles));
}

/* It asks for 65464, which would come in fragments, and those are lost: it gets what the
 * route carries whole. */
static void edk2_asks_for_blocks_that_the_route_cannot_carry_whole(struct scene *s)
{
    struct actor *a = scene_get(
        s, &edk2,
        LITERAL("\0\1image\0octet\0tsize\0000\0blksize\00065464\0windowsize\0004\0"),
        200000);

    s->w->server->blksize_max = 1468; /* what src/serve learns of the route */
    world_run(s->w);
    EXPECT(s, self(a)->done && a->outcomes[KEDGE_TFTP_OK] == 1);
    EXPECT(s, self(a)->blksize == 1468 && self(a)->windowsize == 4);
}

const struct scenario loader_scenarios[] = {
    SCENE(ipxe_acknowledges_every_block),
    SCENE(ipxe_aborts_a_size_probe_and_asks_again_from_the_same_port),
    SCENE(ipxe_loses_its_abort),
    SCENE(ipxe_asks_for_multicast),
    SCENE(ipxe_says_nothing_to_a_second_transfer),
    SCENE(ipxe_fails_if_the_first_block_is_0),
    SCENE(grub_repeats_its_request_while_the_file_opens_slowly),
    SCENE(grub_closes_an_empty_file_by_error_0),
    SCENE(grub_has_no_timer_of_its_own),
    SCENE(grub_loses_ack_0),
    SCENE(grub_stalls_to_digest_what_it_has),
    SCENE(grub_reads_the_head_and_closes_by_error_0),
    SCENE(grub_loses_ack_65535),
    SCENE(edk2_sends_eight_equal_acks_after_one_loss),
    SCENE(edk2_acknowledges_each_copy_of_a_window),
    SCENE(edk2_probes_by_error_8_and_asks_from_a_new_port),
    SCENE(edk2_on_a_link_that_loses_many),
    SCENE(edk2_asks_for_blocks_that_the_route_cannot_carry_whole),
};
const size_t loader_scenario_count = sizeof loader_scenarios / sizeof *loader_scenarios;
