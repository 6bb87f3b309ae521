/* SPDX-License-Identifier: MIT */
/* Scenarios: boxes between clients and a server that finds by itself from which port to
 * answer, and no box at all. */
#include "scenes.h"

enum { SIZE = 20000, BLOCKS = SIZE / 512 + 1 };

static const struct traits clients[] = {
    { .name = "iPXE", .asks_every = MS(250), .asks_later = MS(250), .asks_anew = true },
    { .name = "GRUB", .asks_every = MS(400), .asks_later = MS(400), .tells_other = true },
    { .name = "PXELINUX",
      .asks_every = MS(260),
      .asks_later = MS(200),
      .asks_anew = true },
    { .name = "U-Boot", .asks_every = MS(5000), .asks_anew = true },
    { .name = "EDK2", .asks_every = MS(4000), .probe = 8, .probes_anew = true },
    { .name = "curl", .asks_every = MS(7300), .asks_anew = true, .tells_other = true },
    { .name = "lwIP", .asks_every = MS(10000), .any_socket = true },
};

enum { CLIENTS = sizeof clients / sizeof *clients };

/* What they have in common. EDK2 is the only one that asks for the size and then begins anew. */
static struct traits full_of(const struct traits *t)
{
    struct traits full = *t;

    full.older = full.any_socket ? ACK_PREVIOUS : ACK_LAST_ONCE;
    full.ahead = ACK_LAST_ONCE;
    full.probe = t->probe ? t->probe : -1;
    full.waits = MS(1500);
    full.tries = 8;
    return full;
}

#define SIZED LITERAL("\0\1image\0octet\0tsize\0000\0")

#define THEN LITERAL("\0\1image\0octet\0tsize\0000\0blksize\000512\0")

static struct actor *enter(struct scene *s, const struct traits *traits, struct nat *nat)
{
    struct actor *a = scene_get(s, traits, SIZED, SIZE);

    self(a)->then = THEN;
    self(a)->files = 2;
    a->nat = nat;
    if (nat && nat->mappings == 0 && nat->address == 0)
        nat->address = a->id;
    return a;
}

/* One file in lock-step, 1 ms away. */
static kedge_nanos one_file(void)
{
    return (BLOCKS + 2) * (MS(2) + 200 * KEDGE_USEC);
}

static kedge_nanos first_repeat(const struct traits *t)
{
    return t->asks_every + t->asks_later;
}

/* Both files came; the first when it had asked again, the second at once. */
static void expect_both(struct scene *s, const struct actor *a, bool again)
{
    const struct firmware *f = self(a);
    kedge_nanos repeat = again ? first_repeat(f->traits) : 0;

    kedge_nanos first = f->first_at - KEDGE_SEC;
    kedge_nanos second = f->done_at - f->began_at;

    if (!f->done || first > repeat + one_file() + MS(50) || second > one_file() + MS(50))
        world_fail(s->w, "%s: %s, the first after %.3f s, the second after %.3f s",
                   f->traits->name, f->done ? "done" : "not done", (double)first / 1e9,
                   (double)second / 1e9);
}

/* Each client behind a box of its own. */
static void all_behind(struct scene *s, enum nat_kind kind, kedge_nanos lives, bool again)
{
    struct traits traits[CLIENTS];

    for (unsigned i = 0; i < CLIENTS; i++) {
        traits[i] = full_of(&clients[i]);
        s->nat[i] = (struct nat){ .kind = kind, .lives = lives };
        (void)enter(s, &traits[i], &s->nat[i]);
    }
    world_run(s->w);
    for (unsigned i = 0; i < CLIENTS; i++) {
        expect_both(s, &s->w->actors[i], again);
        EXPECT(s, (s->w->actors[i].stopped > 0) == again);
    }
}

static void a_symmetric_nat(struct scene *s)
{
    all_behind(s, NAT_SYMMETRIC, 0, true);
}

static void a_nat_that_keeps_the_port(struct scene *s)
{
    all_behind(s, NAT_PRESERVING, 0, true);
}

/* Those that ask again later come from another port then. */
static void a_nat_that_forgets_in_2_s(struct scene *s)
{
    all_behind(s, NAT_SYMMETRIC, MS(2000), true);
}

static void a_nat_that_lets_any_port_answer(struct scene *s)
{
    all_behind(s, NAT_CONE, 0, false);
}

/* A router that forwards port 69, and says all that comes is its own. */
static void many_behind_one_address(struct scene *s)
{
    struct traits traits[CLIENTS];

    s->nat[0] = (struct nat){ .kind = NAT_SYMMETRIC };
    for (unsigned i = 0; i < CLIENTS; i++) {
        traits[i] = full_of(&clients[i]);
        (void)enter(s, &traits[i], &s->nat[0]);
    }
    world_run(s->w);
    for (unsigned i = 0; i < CLIENTS; i++)
        expect_both(s, &s->w->actors[i], true);
}

/* What the client hears it cannot answer. Who asks for the size first gets its file all the same;
 * of the others the next try is answered from the port that was asked. */
static void only_the_way_to_the_data_ports_is_closed(struct scene *s)
{
    struct traits traits[CLIENTS];
    kedge_nanos later = MS(100000);

    for (unsigned i = 0; i < CLIENTS; i++) {
        traits[i] = full_of(&clients[i]);
        s->nat[i] = (struct nat){ .kind = NAT_SHUT };
        self(enter(s, &traits[i], &s->nat[i]))->files = 1;
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct actor *a = enter(s, &traits[i], &s->nat[i]);

        actor_wait(s->w, a, KEDGE_SEC + later);
    }
    world_run(s->w);
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (s->firmware[i].done != (traits[i].probe > 0))
            world_fail(s->w, "%s: %s", traits[i].name,
                       s->firmware[i].done ? "done" : "not done");
        EXPECT(s, s->firmware[CLIENTS + i].done);
        EXPECT(s, s->firmware[CLIENTS + i].first_at - KEDGE_SEC - later <=
                      one_file() + MS(50));
    }
}

/* The data port's answer comes so much later than the request is repeated: before the other
 * one, with it, and behind it. */
static void both_answers(struct scene *s, kedge_nanos behind, unsigned lost)
{
    struct traits traits[CLIENTS];

    for (unsigned i = 0; i < CLIENTS; i++) {
        struct actor *a;

        traits[i] = full_of(&clients[i]);
        a = enter(s, &traits[i], NULL);
        befall(&a->down, KEDGE_TFTP_OACK, -1, DELAY, 1);
        a->down.rule[0].delay = first_repeat(&traits[i]) + behind - MS(2);
        befall(&a->up, KEDGE_TFTP_ACK, 0, DROP, lost);
    }
    world_run(s->w);
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct actor *a = &s->w->actors[i];

        if (!self(a)->done || a->outcomes[KEDGE_TFTP_OK] != 2 ||
            (self(a)->requests <= 2 && first_repeat(&traits[i]) < MS(5000)))
            world_fail(s->w, "%s: %s after %u requests, %u of 2 came whole",
                       traits[i].name, self(a)->done ? "done" : "not done",
                       self(a)->requests, a->outcomes[KEDGE_TFTP_OK]);
    }
}

static void both_answers_and_the_data_port_is_first(struct scene *s)
{
    both_answers(s, MS(1), 0);
}

static void both_answers_at_once(struct scene *s)
{
    both_answers(s, MS(2) + 30 * KEDGE_USEC, 0);
}

static void both_answers_and_the_request_port_is_first(struct scene *s)
{
    both_answers(s, MS(3), 0);
}

static void both_answers_and_the_data_ports_comes_amid_the_file(struct scene *s)
{
    both_answers(s, MS(20), 0);
}

/* Its ACK is lost, and what the server hears first is ERROR 5 at the port it did not choose. */
static void both_answers_and_the_other_port_hears_error_5(struct scene *s)
{
    both_answers(s, MS(3), 1);
}

/* A round trip of 600 ms: some ask twice before they can have heard anything. */
static void a_long_way_is_no_nat(struct scene *s)
{
    struct traits traits[CLIENTS];

    for (unsigned i = 0; i < CLIENTS; i++) {
        struct actor *a;

        traits[i] = full_of(&clients[i]);
        a = enter(s, &traits[i], NULL);
        a->up.params.delay = a->down.params.delay = MS(300);
    }
    world_run(s->w);
    for (unsigned i = 0; i < CLIENTS; i++)
        EXPECT(s, s->firmware[i].done);
}

static void kedge_behind_a_nat(struct scene *s)
{
    for (unsigned i = 0; i < 4; i++) {
        enum kedge_tftp_op op = i % 2 ? KEDGE_TFTP_WRQ : KEDGE_TFTP_RRQ;
        struct actor *a = scene_kedge(s, op, 40000);

        s->nat[i] = (struct nat){ .kind = i < 2 ? NAT_SYMMETRIC : NAT_PRESERVING,
                                  .address = a->id };
        a->nat = &s->nat[i];
    }
    world_run(s->w);
    for (unsigned i = 0; i < 4; i++) {
        EXPECT(s, s->asker[i].outcome == KEDGE_TFTP_OK);
        EXPECT(s, s->asker[i].done_at <= KEDGE_SEC + MS(1300));
        EXPECT(s, s->w->actors[i].outcomes[KEDGE_TFTP_OK] == 1);
    }
}

#define AUTO(scene)                                                                      \
    {                                                                                    \
        .name = #scene, .play = (scene), .sockets = 4, .auto_port = true                 \
    }

const struct scenario nat_scenarios[] = {
    AUTO(a_symmetric_nat),
    AUTO(a_nat_that_keeps_the_port),
    AUTO(a_nat_that_forgets_in_2_s),
    AUTO(a_nat_that_lets_any_port_answer),
    AUTO(many_behind_one_address),
    AUTO(only_the_way_to_the_data_ports_is_closed),
    AUTO(both_answers_and_the_data_port_is_first),
    AUTO(both_answers_at_once),
    AUTO(both_answers_and_the_request_port_is_first),
    AUTO(both_answers_and_the_data_ports_comes_amid_the_file),
    AUTO(both_answers_and_the_other_port_hears_error_5),
    AUTO(a_long_way_is_no_nat),
    AUTO(kedge_behind_a_nat),
};
const size_t nat_scenario_count = sizeof nat_scenarios / sizeof *nat_scenarios;
