/* SPDX-License-Identifier: MIT */
/* Tests of tftp/port_memory.h: what one address or network says of another, and what it does
 * not. */
#include "auto_port.h"

static const struct kedge_span rrq = BYTES(RRQ);
static const struct kedge_span ack_1 = BYTES("\0\4\0\1");

static void each_address_has_the_data_port_that_answered_it(void **state)
{
    struct server *s = auto_server();

    (void)state;
    for (uint8_t host = 1; host <= 20; host++) {
        struct tftp_arrival in = at(2, host, 1, rrq);
        struct tftp_session *session = started(s, in);
        uint32_t socket = 99;

        assert_true(tftp_sessions_silent(&s->t, &in, &socket));
        assert_int_equal(socket, session->socket);
    }
    server_close(s);
}

/* Its hash is over the same bytes as that of its network. */
static void an_address_that_ends_in_zero_is_no_network(void **state)
{
    struct server *s = auto_server();

    (void)state;
    (void)moved(s, at(2, 0, 0, rrq));
    assert_int_equal(from_of(s, at(2, 7, 1, rrq)), TFTP_FROM_DATA);
    server_close(s);
}

/* fe80::/64 is on each interface. */
static void a_network_is_one_of_its_interface(void **state)
{
    struct server *s = auto_server();
    struct tftp_arrival first = from(1, rrq);
    struct tftp_arrival beside = at(2, 7, 1, rrq), elsewhere = at(2, 8, 1, rrq);
    struct tftp_session *session;

    (void)state;
    first.peer.scope = beside.peer.scope = 3;
    elsewhere.peer.scope = 4;
    session = moved(s, first);
    complete(s, session, TFTP_REQUEST_SOCKET);
    assert_int_equal(from_of(s, beside), TFTP_FROM_REQUEST);
    assert_int_equal(from_of(s, elsewhere), TFTP_FROM_DATA);
    server_close(s);
}

/* No data port has answered it, so none is silent. */
static void who_is_answered_from_the_request_port_waits_for_no_data_port(void **state)
{
    struct server *s = auto_server();
    struct tftp_arrival beside = at(2, 7, 1, rrq);
    struct tftp_session *session = moved(s, from(1, rrq));
    uint32_t socket;

    (void)state;
    complete(s, session, TFTP_REQUEST_SOCKET);
    assert_int_equal(from_of(s, beside), TFTP_FROM_REQUEST);
    assert_false(tftp_sessions_silent(&s->t, &beside, &socket));
    server_close(s);
}

/* Its address has no mark of its own that could end the network's. */
static void a_mark_of_a_network_outlasts_who_profits(void **state)
{
    struct server *s = auto_server();
    struct tftp_arrival beside = at(2, 7, 1, rrq);
    struct tftp_session *session;

    (void)state;
    ends(s, small_one(s, beside));
    session = moved(s, from(1, rrq));
    complete(s, session, TFTP_REQUEST_SOCKET);
    session = small_one(s, beside);
    assert_int_equal(session->from, TFTP_FROM_REQUEST);
    complete(s, session, TFTP_REQUEST_SOCKET);
    assert_int_equal(from_of(s, at(2, 8, 1, rrq)), TFTP_FROM_REQUEST);
    server_close(s);
}

/* What it said of the data port is old when it has lingered. */
static void an_end_counts_once(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = started(s, from(1, SPAN(WRQ)));

    (void)state;
    assert_int_equal(say(s, from(1, SPAN("\0\3\0\1x")), session->socket), TFTP_PUMP);
    (void)pump(s, session);
    kedge_tftp_receiver_committed(&session->machine.receiver, s->now);
    (void)pump(s, session);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_OK);
    (void)moved(s, from(2, rrq));
    tftp_sessions_release(&s->t, session, s->now);
    assert_int_equal(from_of(s, from(3, rrq)), TFTP_FROM_REQUEST);
    server_close(s);
}

/* ---- Addresses that share a place in the memory ------------------------------------------- */

enum { MANY = 4096 }; /* four for each place */

static struct server *small_memory(void)
{
    struct server *s = server_open((struct tftp_limits){ .auto_port = true });

    assert_true(s->t.past * 4 <= MANY);
    return s;
}

static struct tftp_arrival one_of_many(uint8_t side, unsigned i)
{
    struct tftp_arrival in = at((uint8_t)(i >> 8), (uint8_t)i, 9, rrq);

    in.peer.ip[12] = side;
    return in;
}

static void another_has_no_part_in_a_mark(void **state)
{
    struct server *s = small_memory();

    (void)state;
    ends(s, moved(s, from(1, rrq)));
    for (unsigned i = 0; i < MANY; i++) {
        struct tftp_session *session = small_one(s, one_of_many(10, i));

        assert_int_equal(session->from, TFTP_FROM_DATA);
        complete(s, session, session->socket);
    }
    assert_int_equal(from_of(s, from(2, rrq)), TFTP_FROM_REQUEST);
    server_close(s);
}

static void another_was_not_answered_in_vain(void **state)
{
    struct server *s = small_memory();

    (void)state;
    for (uint8_t side = 10; side < 12; side++, s->now += 2 * KEDGE_SEC)
        for (unsigned i = 0; i < MANY; i++) {
            struct tftp_session *session = started(s, one_of_many(side, i));

            assert_int_equal(session->from, TFTP_FROM_DATA);
            tftp_sessions_release(&s->t, session, s->now);
        }
    server_close(s);
}

static unsigned silent_ones(const struct server *s)
{
    unsigned silent = 0;

    for (unsigned i = 0; i < MANY; i++) {
        struct tftp_arrival in = one_of_many(10, i);
        uint32_t socket;

        silent += tftp_sessions_silent(&s->t, &in, &socket);
    }
    return silent;
}

static void another_is_not_heard(void **state)
{
    struct server *s = small_memory();
    struct tftp_session *early = started(s, from(1, rrq));
    unsigned silent;

    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        ends(s, started(s, one_of_many(10, i)));
    silent = silent_ones(s);
    assert_in_range(silent, s->t.past / 2, s->t.past);
    assert_int_equal(say(s, from(1, ack_1), early->socket), TFTP_PUMP);
    assert_int_equal(silent_ones(s), silent);
    server_close(s);
}

static void another_marks_no_network(void **state)
{
    struct server *s = small_memory();
    struct tftp_session *session = moved(s, from(1, rrq));

    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        ends(s, moved(s, one_of_many(10, i)));
    complete(s, session, TFTP_REQUEST_SOCKET);
    assert_int_equal(from_of(s, at(2, 7, 1, rrq)), TFTP_FROM_DATA);
    server_close(s);
}

/* What is only asked pushes out no mark. */
static void a_mark_outlasts_a_flood_of_addresses(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .auto_port = true });

    (void)state;
    ends(s, moved(s, from(1, rrq)));
    for (unsigned i = 0; i < 65536; i++) {
        struct tftp_arrival in = at((uint8_t)(i >> 8), (uint8_t)i, 9, rrq);

        in.peer.ip[12] = 10;
        ends(s, started(s, in));
    }
    assert_int_equal(from_of(s, from(2, rrq)), TFTP_FROM_REQUEST);
    server_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_has_the_data_port_that_answered_it),
        cmocka_unit_test(an_address_that_ends_in_zero_is_no_network),
        cmocka_unit_test(a_network_is_one_of_its_interface),
        cmocka_unit_test(who_is_answered_from_the_request_port_waits_for_no_data_port),
        cmocka_unit_test(a_mark_of_a_network_outlasts_who_profits),
        cmocka_unit_test(an_end_counts_once),
        cmocka_unit_test(another_has_no_part_in_a_mark),
        cmocka_unit_test(another_was_not_answered_in_vain),
        cmocka_unit_test(another_is_not_heard),
        cmocka_unit_test(another_marks_no_network),
        cmocka_unit_test(a_mark_outlasts_a_flood_of_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
