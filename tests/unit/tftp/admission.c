/* SPDX-License-Identifier: MIT */
/* Where there is no room: the budget of unvalidated transfers, who waits for it, and who gives
 * way where all places are taken. */
#include "server.h"

static struct tftp_arrival of_network(uint8_t network, uint16_t port)
{
    struct tftp_arrival in = from(port, SPAN(RRQ));

    in.peer.ip[14] = network;
    return in;
}

static struct tftp_arrival of_network_put(uint8_t network, uint16_t port)
{
    struct tftp_arrival in = from(port, SPAN(WRQ));

    in.peer.ip[14] = network;
    return in;
}

/* Answers, as a client would: it is proved then. */
static void prove(struct server *s, struct tftp_session *session)
{
    struct tftp_arrival in = { .peer = session->peer, .bytes = SPAN("\0\4\0\1") };

    memcpy(in.local, session->local, sizeof in.local);
    assert_int_equal(say(s, in, session->socket), TFTP_PUMP);
    (void)pump(s, session);
}

/* Opens what may be opened now; NULL if nothing. */
static struct tftp_session *admitted(struct server *s)
{
    struct tftp_session *session = tftp_sessions_admitted(&s->t);

    if (!session)
        return NULL;
    assert_int_equal(session->state, TFTP_OPENING);
    assert_true(session->charged);
    tftp_sessions_opened(&s->t, session, &file, s->now);
    assert_int_equal(pump(s, session), 1);
    return session;
}

static void rule_7_the_budget_bounds_what_is_unproved(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .unvalidated_max = 3 });
    struct tftp_arrival near = from(5, SPAN(RRQ));

    (void)state;
    (void)started(s, from(1, SPAN(RRQ)));
    (void)started(s, from(2, SPAN(RRQ)));
    (void)started(s, from(3, SPAN(RRQ)));
    near.peer.ip[15] = 200; /* the same /24 */
    assert_int_equal(ask(s, near), TFTP_KEEP);
    assert_int_equal(ask(s, from(7, SPAN("\0\1f\0oct"))), TFTP_DROPPED);
    assert_int_equal(s->event.reply_len, 0);
    assert_null(tftp_sessions_admitted(&s->t));
    (void)started(s, of_network(3, 6)); /* another */
    server_close(s);
}

/* ACK 0 follows any request that asks for options: 3,000 forged pairs got 656 MB. */
static void rule_7_ack_0_gives_no_budget_back(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .unvalidated_max = 2 });
    struct tftp_session *one = validated(s, from(1, SPAN(RRQ_OPTIONS)));
    struct tftp_session *two = validated(s, from(2, SPAN("\0\2g\0octet\0tsize\00010\0")));

    (void)state;
    assert_true(one->charged && !two->charged); /* a block of DATA is proof */
    (void)validated(s, from(3, SPAN(RRQ_OPTIONS)));
    assert_int_equal(ask(s, from(4, SPAN(RRQ))), TFTP_KEEP);
    prove(s, one);
    assert_false(one->charged);
    assert_non_null(admitted(s));
    server_close(s);
}

static void a_file_that_opens_slowly_keeps_its_budget(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .unvalidated_max = 1 });
    struct tftp_session *slow;

    (void)state;
    assert_int_equal(ask(s, from(1, SPAN(RRQ))), TFTP_OPEN);
    slow = s->event.session;
    tftp_sessions_settle(&s->t, slow);
    assert_true(slow->charged);
    assert_true(tftp_sessions_deadline(&s->t) == KEDGE_NEVER);
    assert_int_equal(ask(s, from(2, SPAN(RRQ))), TFTP_KEEP);
    server_close(s);
}

static void rule_7_the_budget_of_ipv6_is_of_a_56(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .unvalidated_max = 1 });
    struct tftp_arrival in = { .peer = { { 0x20, 1, 0xd, 0xb8, 1, 2, 3, 4 }, 0, 1 },
                               .bytes = SPAN(RRQ) };

    (void)state;
    (void)started(s, in);
    in.peer.ip[7] = 5;
    in.peer.ip[15] = 1;
    assert_int_equal(ask(s, in), TFTP_KEEP);
    in.peer.ip[6] = 9;
    (void)started(s, in);
    server_close(s);
}

static void each_proof_lets_in_who_waited_longest(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .room = 64, .unvalidated_max = 2 });
    struct tftp_session *first = started(s, from(1, SPAN(RRQ)));
    struct tftp_session *second = started(s, from(2, SPAN(RRQ)));
    struct tftp_session *next;

    (void)state;
    for (uint16_t port = 3; port < 8; port++)
        assert_int_equal(ask(s, from(port, SPAN(RRQ))), TFTP_KEEP);
    s->now += 500 * KEDGE_MSEC;
    assert_int_equal(ask(s, from(3, SPAN(RRQ))), TFTP_DROPPED); /* asked again */
    assert_int_equal(s->t.dropped[TFTP_DROP_REPEATED], 1);
    prove(s, first);
    next = admitted(s);
    assert_int_equal(next->peer.port, 3);
    assert_null(admitted(s));
    prove(s, second);
    prove(s, next);
    assert_int_equal(admitted(s)->peer.port, 4);
    assert_int_equal(admitted(s)->peer.port, 5);
    assert_null(admitted(s));
    assert_int_equal(s->t.dropped[TFTP_DROP_OVER_BUDGET], 0);
    server_close(s);
}

static void a_place_of_another_network_is_none(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .room = 64, .unvalidated_max = 1 });
    struct tftp_session *far = started(s, of_network(9, 1));

    (void)state;
    (void)started(s, from(1, SPAN(RRQ)));
    assert_int_equal(ask(s, from(2, SPAN(RRQ))), TFTP_KEEP);
    prove(s, far);
    assert_null(admitted(s));
    server_close(s);
}

/* A client asks again then; the timer tells nobody. */
static void who_waits_a_second_waits_in_vain(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .room = 64, .unvalidated_max = 1 });
    struct tftp_session *first = started(s, from(1, SPAN("\0\1f\0octet\0tsize\0000\0")));

    (void)state;
    assert_int_equal(ask(s, from(2, SPAN(RRQ))), TFTP_KEEP);
    s->now += 600 * KEDGE_MSEC;
    assert_int_equal(ask(s, from(3, SPAN(RRQ))), TFTP_KEEP);
    assert_int_equal(ask(s, from(2, SPAN(RRQ))), TFTP_DROPPED); /* waits on */
    s->now += 600 * KEDGE_MSEC;
    assert_null(tftp_sessions_due(&s->t, s->now));
    assert_int_equal(s->t.used, 3);
    s->now += 500 * KEDGE_MSEC;
    assert_null(tftp_sessions_due(&s->t, s->now));
    assert_int_equal(s->t.used, 1);
    assert_int_equal(s->t.dropped[TFTP_DROP_OVER_BUDGET], 2);
    tftp_sessions_release(&s->t, first, s->now);
    assert_null(admitted(s));
    /* It never had a transfer: what it says on a data port is a stranger's. */
    assert_int_equal(say(s, from(2, SPAN("\0\4\0\1")), 0), TFTP_ANSWER);
    server_close(s);
}

static void who_waits_and_asks_for_another_file_waits_for_that(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .room = 64, .unvalidated_max = 1 });
    struct tftp_session *first = started(s, from(1, SPAN(RRQ)));

    (void)state;
    assert_int_equal(ask(s, from(2, SPAN(RRQ))), TFTP_KEEP);
    assert_int_equal(ask(s, from(3, SPAN(RRQ))), TFTP_KEEP);
    assert_int_equal(ask(s, from(2, SPAN(WRQ))), TFTP_KEEP);
    assert_null(s->event.replaced);
    assert_int_equal(s->t.used, 3);
    prove(s, first);
    assert_int_equal(ask(s, from(3, SPAN(WRQ))), TFTP_KEEP); /* it was let in already */
    assert_int_equal(s->t.used, 3);
    first = tftp_sessions_admitted(&s->t);
    assert_int_equal(first->peer.port, 2);
    assert_int_equal(first->op, KEDGE_TFTP_WRQ);
    assert_null(tftp_sessions_admitted(&s->t));
    server_close(s);
}

static void who_has_a_transfer_does_not_wait_for_another(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .room = 64, .unvalidated_max = 1 });
    struct tftp_session *first = started(s, from(1, SPAN(RRQ)));

    (void)state;
    assert_int_equal(ask(s, from(1, SPAN(WRQ))), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_OVER_BUDGET], 1);
    assert_int_equal(first->outcome, KEDGE_TFTP_RUNNING);
    server_close(s);
}

/* While it waits nothing is said to it, whatever comes from its address. */
static void packets_of_who_waits_are_dropped(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .room = 64, .unvalidated_max = 1 });

    (void)state;
    (void)started(s, from(1, SPAN(RRQ)));
    assert_int_equal(ask(s, from(2, SPAN(RRQ))), TFTP_KEEP);
    for (uint32_t socket = 0; socket < 4; socket++)
        assert_int_equal(say(s, from(2, SPAN("\0\4\0\1")), socket), TFTP_DROPPED);
    server_close(s);
}

static void a_quarter_is_not_for_waiting(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .room = 16, .unvalidated_max = 2 });

    (void)state;
    (void)started(s, from(1, SPAN(RRQ)));
    (void)started(s, from(2, SPAN(RRQ)));
    for (uint16_t port = 3; port <= 12; port++)
        assert_int_equal(ask(s, from(port, SPAN(RRQ))), TFTP_KEEP);
    assert_int_equal(ask(s, from(13, SPAN(RRQ))), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_OVER_BUDGET], 1);
    for (uint8_t network = 10; network < 14; network++)
        (void)started(s, of_network(network, 1));
    assert_int_equal(ask(s, of_network(14, 1)), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_FULL], 1);
    server_close(s);
}

/* Ten thousand boards of one /24 ask at once; each answers within some milliseconds. */
static void a_rack_that_boots_is_not_kept_out(void **state)
{
    enum { BOARDS = 10000 };
    struct server *s = server_open((struct tftp_limits){ .room = 2 * BOARDS });
    struct tftp_session **out = calloc(BOARDS + 1, sizeof *out);
    unsigned begun = 0;
    unsigned validated = 0;

    (void)state;
    for (unsigned i = 0; i < BOARDS; i++) {
        enum tftp_verdict v = ask(s, from((uint16_t)(1024 + i), SPAN(RRQ)));

        assert_int_equal(v, i < 1024 ? TFTP_OPEN : TFTP_KEEP);
        if (v == TFTP_KEEP)
            continue;
        out[begun++] = s->event.session;
        tftp_sessions_opened(&s->t, s->event.session, &file, s->now);
        assert_int_equal(pump(s, s->event.session), 1);
    }
    for (int turns = 0; turns < 10 && validated < BOARDS; turns++) {
        unsigned heard = begun;

        s->now += 20 * KEDGE_MSEC;
        while (validated < heard)
            prove(s, out[validated++]);
        while ((out[begun] = admitted(s)))
            begun++;
        assert_true(begun - validated <= 1024);
    }
    assert_int_equal(validated, BOARDS);
    assert_int_equal(s->t.dropped[TFTP_DROP_OVER_BUDGET], 0);
    free(out);
    server_close(s);
}

/* ---- All places are taken --------------------------------------------------------------- */

static void fill(struct server *s, uint8_t network, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        (void)started(s, of_network(network, (uint16_t)(1 + i)));
}

static void one_of_a_flood_gives_way_at_once(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 400 });
    struct tftp_session *victim;
    struct tftp_arrival straggler;

    (void)state;
    fill(s, 7, 200);
    fill(s, 9, 200);
    for (uint16_t port = 1; port <= 20; port++) {
        assert_int_equal(ask(s, of_network(8, port)), TFTP_OPEN);
        victim = s->event.replaced;
        assert_int_equal(victim->peer.ip[14], 7);
        assert_int_equal(victim->peer.port, port); /* the oldest */
        assert_int_equal(tftp_session_outcome(victim), KEDGE_TFTP_TIMEOUT);
        assert_false(victim->charged);
        tftp_sessions_release(&s->t, victim, s->now);
        assert_int_equal(s->t.used, 400);
        straggler = of_network(7, port);
        straggler.bytes = SPAN("\0\4\0\1");
        assert_int_equal(say(s, straggler, victim->socket), TFTP_DROPPED); /* no ERROR */
    }
    assert_int_equal(ask(s, of_network(7, 500)), TFTP_DROPPED); /* its own like do not */
    assert_int_equal(s->t.dropped[TFTP_DROP_FULL], 1);
    server_close(s);
}

static void anyone_gives_way_after_the_first_timeout(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 4 });
    struct tftp_session *victim;

    (void)state;
    (void)started(s, of_network(1, 1));
    s->now += 500 * KEDGE_MSEC;
    for (uint8_t network = 2; network <= 4; network++)
        (void)started(s, of_network(network, 1));
    assert_int_equal(ask(s, of_network(5, 1)), TFTP_DROPPED);
    s->now += 500 * KEDGE_MSEC;
    assert_int_equal(ask(s, of_network(5, 1)), TFTP_OPEN);
    victim = s->event.replaced;
    assert_int_equal(victim->peer.ip[14], 1);
    assert_null(tftp_sessions_find(&s->t, 0, &victim->peer));
    tftp_sessions_release(&s->t, victim, s->now);
    /* What its peer still says is no stranger's. */
    assert_int_equal(say(s, of_network(1, 1), 0), TFTP_DROPPED);
    assert_int_equal(ask(s, of_network(6, 1)), TFTP_DROPPED);
    server_close(s);
}

static void of_few_who_have_answered_none_gives_way(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 4 });
    struct tftp_session *session;

    (void)state;
    for (uint16_t port = 1; port <= 4; port++)
        (void)validated(s, from(port, SPAN(RRQ)));
    s->now += 20 * KEDGE_SEC;
    assert_int_equal(ask(s, of_network(9, 1)), TFTP_DROPPED);
    /* Nor who is still being opened, for a helper holds its slot. */
    tftp_sessions_release(&s->t, &s->t.all[0], s->now);
    assert_int_equal(ask(s, of_network(9, 1)), TFTP_OPEN);
    session = s->event.session;
    s->now += 20 * KEDGE_SEC;
    assert_int_equal(ask(s, of_network(10, 1)), TFTP_DROPPED);
    assert_int_equal(session->outcome, KEDGE_TFTP_RUNNING);
    server_close(s);
}

/* Its ACK is read, but a helper is at work: nothing was done about it yet. */
static void who_has_just_answered_does_not_either(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 1 });
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));

    (void)state;
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), session->socket), TFTP_PUMP);
    s->now += 20 * KEDGE_SEC;
    assert_int_equal(ask(s, of_network(9, 1)), TFTP_DROPPED);
    assert_null(s->event.replaced);
    server_close(s);
}

/* ---- Who has proved its address, and takes ever more ------------------------------------- */

static void advance(struct server *s, uint8_t network, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        prove(s, started(s, of_network(network, (uint16_t)(1 + i))));
}

static void half_of_the_places_are_never_one_networks(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 200 });

    (void)state;
    advance(s, 7, 100);
    assert_int_equal(ask(s, of_network(7, 500)), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_FULL], 1);
    assert_int_equal(ask(s, of_network(7, 1)), TFTP_DROPPED); /* its own again */
    assert_int_equal(s->t.dropped[TFTP_DROP_REPEATED], 1);
    advance(s, 8, 100);
    server_close(s);
}

static void a_small_table_may_be_one_networks(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 70 });

    (void)state;
    advance(s, 7, 64);
    assert_int_equal(ask(s, of_network(7, 500)), TFTP_DROPPED);
    advance(s, 8, 6);
    server_close(s);
}

static void those_who_wait_count(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .room = 200, .unvalidated_max = 1 });

    (void)state;
    (void)started(s, from(1, SPAN(RRQ)));
    for (uint16_t port = 2; port <= 100; port++)
        assert_int_equal(ask(s, from(port, SPAN(RRQ))), TFTP_KEEP);
    assert_int_equal(ask(s, from(101, SPAN(RRQ))), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_OVER_BUDGET], 1);
    server_close(s);
}

/* A neighbour of a flood gets a place once one of the flood has been silent for long. */
static void a_network_makes_room_for_its_own(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 200 });
    struct tftp_session *victim;

    (void)state;
    advance(s, 9, 100);
    advance(s, 7, 60);
    s->now += 3 * KEDGE_SEC;
    for (uint16_t port = 101; port <= 140; port++)
        prove(s, started(s, of_network(7, port)));
    s->now += 2999 * KEDGE_MSEC;
    assert_int_equal(ask(s, of_network(7, 500)), TFTP_DROPPED);
    s->now += 1 * KEDGE_MSEC;
    assert_int_equal(ask(s, of_network(7, 500)), TFTP_OPEN);
    victim = s->event.replaced;
    assert_in_range(victim->peer.port, 1, 60);
    assert_int_equal(victim->peer.ip[14], 7);
    tftp_sessions_release(&s->t, victim, s->now);
    assert_int_equal(ask(s, of_network(9, 500)), TFTP_OPEN);
    victim = s->event.replaced;
    assert_int_equal(victim->peer.ip[14], 9);
    tftp_sessions_release(&s->t, victim, s->now);
    server_close(s);
}

/* 17,600 forged pairs of one address took 16,384 places: nobody was served for 24 s. */
static void the_network_with_most_gives_way(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 400 });
    struct tftp_session *victim;

    (void)state;
    advance(s, 7, 100);
    s->now += 10 * KEDGE_MSEC;
    for (uint16_t port = 101; port <= 200; port++) /* these have advanced further */
        prove(s, started(s, of_network(7, port)));
    advance(s, 9, 190);
    advance(s, 10, 10);
    for (uint16_t port = 1; port <= 20; port++) {
        assert_int_equal(ask(s, of_network(8, port)), TFTP_OPEN);
        victim = s->event.replaced;
        assert_int_equal(tftp_session_outcome(victim), KEDGE_TFTP_TIMEOUT);
        if (port <= 10) { /* it has most until then */
            assert_int_equal(victim->peer.ip[14], 7);
            assert_in_range(victim->peer.port, 1, 100);
        }
        assert_int_not_equal(victim->peer.ip[14], 10);
        tftp_sessions_release(&s->t, victim, s->now);
        assert_int_equal(s->t.used, 400);
    }
    server_close(s);
}

static void those_who_wait_give_way_as_well(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .room = 400, .unvalidated_max = 10 });

    (void)state;
    fill(s, 7, 10);
    for (uint16_t port = 101; port <= 290; port++)
        assert_int_equal(ask(s, of_network(7, port)), TFTP_KEEP);
    for (uint8_t network = 20; network < 40; network++)
        fill(s, network, 10);
    assert_int_equal(s->t.used, 400);
    assert_int_equal(ask(s, of_network(8, 1)), TFTP_OPEN);
    assert_null(s->event.replaced);
    assert_int_equal(s->t.used, 400);
    assert_int_equal(s->t.dropped[TFTP_DROP_OVER_BUDGET], 1);
    server_close(s);
}

/* ---- Uploads ------------------------------------------------------------------------------ */

static void a_network_has_so_many_uploads(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 64, .uploads_max = 2 });
    struct tftp_session *first = validated(s, from(1, SPAN(WRQ)));

    (void)state;
    (void)started(s, from(2, SPAN(WRQ)));
    assert_int_equal(ask(s, from(3, SPAN(WRQ))), TFTP_DROPPED);
    assert_int_equal(s->event.reply_len, 0);
    assert_int_equal(s->t.dropped[TFTP_DROP_UPLOADS], 1);
    (void)started(s, from(4, SPAN(RRQ)));   /* it may read */
    (void)started(s, of_network_put(9, 5)); /* another may send */
    assert_int_equal(ask(s, from(2, SPAN("\0\2g\0octet\0"))),
                     TFTP_OPEN); /* in its place */
    tftp_sessions_release(&s->t, s->event.replaced, s->now);
    tftp_sessions_release(&s->t, first, s->now);
    assert_int_equal(ask(s, from(3, SPAN(WRQ))), TFTP_OPEN);
    server_close(s);
}

static void an_upload_that_waits_counts(void **state)
{
    struct server *s = server_open(
        (struct tftp_limits){ .room = 64, .unvalidated_max = 1, .uploads_max = 2 });

    (void)state;
    (void)started(s, from(1, SPAN(WRQ)));
    assert_int_equal(ask(s, from(2, SPAN(WRQ))), TFTP_KEEP);
    assert_int_equal(ask(s, from(3, SPAN(WRQ))), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_UPLOADS], 1);
    server_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_7_the_budget_bounds_what_is_unproved),
        cmocka_unit_test(rule_7_ack_0_gives_no_budget_back),
        cmocka_unit_test(a_file_that_opens_slowly_keeps_its_budget),
        cmocka_unit_test(rule_7_the_budget_of_ipv6_is_of_a_56),
        cmocka_unit_test(each_proof_lets_in_who_waited_longest),
        cmocka_unit_test(a_place_of_another_network_is_none),
        cmocka_unit_test(who_waits_a_second_waits_in_vain),
        cmocka_unit_test(who_waits_and_asks_for_another_file_waits_for_that),
        cmocka_unit_test(who_has_a_transfer_does_not_wait_for_another),
        cmocka_unit_test(packets_of_who_waits_are_dropped),
        cmocka_unit_test(a_quarter_is_not_for_waiting),
        cmocka_unit_test(a_rack_that_boots_is_not_kept_out),
        cmocka_unit_test(one_of_a_flood_gives_way_at_once),
        cmocka_unit_test(anyone_gives_way_after_the_first_timeout),
        cmocka_unit_test(of_few_who_have_answered_none_gives_way),
        cmocka_unit_test(who_has_just_answered_does_not_either),
        cmocka_unit_test(half_of_the_places_are_never_one_networks),
        cmocka_unit_test(a_small_table_may_be_one_networks),
        cmocka_unit_test(those_who_wait_count),
        cmocka_unit_test(a_network_makes_room_for_its_own),
        cmocka_unit_test(the_network_with_most_gives_way),
        cmocka_unit_test(those_who_wait_give_way_as_well),
        cmocka_unit_test(a_network_has_so_many_uploads),
        cmocka_unit_test(an_upload_that_waits_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
