/* SPDX-License-Identifier: MIT */
/* Tests of what a request on the request port gets: a transfer, one and the same, or another
 * (rule 6). */
#include "server.h"

static void a_request_is_opened(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_arrival in = from(1024, SPAN(RRQ_OPTIONS));

    (void)state;
    assert_int_equal(ask(s, in), TFTP_OPEN);
    assert_int_equal(s->event.session->op, KEDGE_TFTP_RRQ);
    assert_int_equal(s->event.session->state, TFTP_OPENING);
    assert_null(s->event.replaced);
    assert_ptr_equal(tftp_sessions_find(&s->t, 0, &in.peer), s->event.session);
    tftp_sessions_opened(&s->t, s->event.session, &file, s->now);
    assert_int_equal(s->event.session->granted.blksize, 1024);
    assert_true(s->event.session->granted.tsize == 100000);
    assert_true(s->event.session->machine.sender.last == 100000 / 1024 + 1);
    server_close(s);
}

static kedge_nanos timeout_of(struct server *s, struct tftp_arrival in, kedge_nanos own)
{
    struct kedge_tftp_limits limits = file;

    limits.timeout = own;
    assert_int_equal(ask(s, in), TFTP_OPEN);
    tftp_sessions_opened(&s->t, s->event.session, &limits, s->now);
    return s->event.session->machine.sender.half.terms.timeout;
}

/* What was negotiated goes before what its limits say. */
static void each_transfer_has_its_timeout(void **state)
{
    static const char asks[] = "\0\1f\0octet\0timeout\0003\0";
    struct server *s = server_open((struct tftp_limits){ 0 });

    (void)state;
    assert_true(timeout_of(s, from(1024, SPAN(RRQ)), 0) == 0);
    assert_true(timeout_of(s, from(1025, SPAN(RRQ)), MS(300)) == MS(300));
    assert_true(timeout_of(s, from(1026, SPAN(asks)), MS(300)) == 3 * KEDGE_SEC);
    server_close(s);
}

static void rule_6_the_same_request_is_one_transfer(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session;

    (void)state;
    assert_int_equal(ask(s, from(1024, SPAN(RRQ_OPTIONS))), TFTP_OPEN);
    session = s->event.session;
    /* GRUB asks every 400 ms while a file opens slowly: absorbed. */
    for (unsigned i = 0; i < 5; i++, s->now += MS(400))
        assert_int_equal(ask(s, from(1024, SPAN(RRQ_OPTIONS))), TFTP_DROPPED);
    assert_int_equal(s->t.used, 1);
    tftp_sessions_opened(&s->t, session, &file, s->now);
    assert_int_equal(pump(s, session), 1);
    /* Until the peer's first valid packet each brings the first reply again. */
    for (unsigned i = 0; i < 5; i++, s->now += MS(400)) {
        assert_int_equal(ask(s, from(1024, SPAN(RRQ_OPTIONS))), TFTP_PUMP);
        assert_ptr_equal(s->event.session, session);
        assert_int_equal(pump(s, session), 1);
    }
    assert_int_equal(s->t.used, 1);
    assert_int_equal(s->t.dropped[TFTP_DROP_REPEATED], 10);
    server_close(s);
}

static void rule_6_a_write_too(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = started(s, from(1024, SPAN(WRQ)));

    (void)state;
    s->now += 4 * KEDGE_SEC; /* Cisco */
    assert_int_equal(ask(s, from(1024, SPAN(WRQ))), TFTP_PUMP);
    assert_int_equal(pump(s, session), 1);
    server_close(s);
}

static void rule_6_within_an_rto_of_progress_it_is_a_stray(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = validated(s, from(1024, SPAN(RRQ)));
    kedge_nanos rto = kedge_tftp_rto(&session->machine.sender.half.rtt);

    (void)state;
    s->now += rto;
    assert_int_equal(ask(s, from(1024, SPAN(RRQ))), TFTP_DROPPED);
    s->now += 1;
    assert_int_equal(ask(s, from(1024, SPAN(RRQ))), TFTP_OPEN); /* a board was reset */
    assert_ptr_equal(s->event.replaced, session);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_REPLACED);
    assert_ptr_not_equal(s->event.session, session);
    server_close(s);
}

/* The server was busy: a request is read long after it came, and its transfer has gone on
 * meanwhile. To begin it anew would leave its client alone with the old one. */
static void rule_6_what_waited_in_a_queue_is_a_stray(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = validated(s, from(1, SPAN(RRQ)));
    struct tftp_arrival late = from(1, SPAN(RRQ));

    (void)state;
    late.came = s->now - MS(5);
    s->now += 3 * KEDGE_SEC;
    assert_int_equal(ask(s, late), TFTP_DROPPED);
    late.came = s->now - 2 * KEDGE_SEC; /* long after the last packet */
    assert_int_equal(ask(s, late), TFTP_OPEN);
    assert_ptr_equal(s->event.replaced, session);
    server_close(s);
}

static void rule_6_progress_puts_that_off(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = validated(s, from(1024, SPAN(RRQ)));

    (void)state;
    for (uint8_t k = 2; k < 20; k++) {
        uint8_t ack_bytes[] = { 0, 4, 0, k };

        s->now += MS(50);
        assert_int_equal(
            say(s, from(1024, (struct kedge_span){ ack_bytes, 4 }), session->socket),
            TFTP_PUMP);
        assert_int_equal(pump(s, session), 1);
        assert_int_equal(ask(s, from(1024, SPAN(RRQ))), TFTP_DROPPED);
    }
    server_close(s);
}

static void rule_6_a_different_request_replaces(void **state)
{
    static const struct kedge_span others[] = { BYTES("\0\1g\0octet\0"),
                                                BYTES("\0\1f\0netascii\0"), BYTES(WRQ),
                                                BYTES("\0\1f\0octet\0tsize\0000\0") };

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        struct server *s = server_open((struct tftp_limits){ 0 });
        struct tftp_session *session = validated(s, from(1024, SPAN(RRQ)));

        assert_int_equal(ask(s, from(1024, others[i])), TFTP_OPEN);
        assert_ptr_equal(s->event.replaced, session);
        tftp_sessions_release(&s->t, session, s->now);
        assert_int_equal(s->t.used, 1);
        server_close(s);
    }
}

static void rule_6_so_does_one_to_another_address(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_arrival in = from(1024, SPAN(RRQ));

    (void)state;
    (void)started(s, in);
    in.local[15] = 10;
    assert_int_equal(ask(s, in), TFTP_OPEN);
    assert_non_null(s->event.replaced);
    server_close(s);
}

static void other_peers_are_other_transfers(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_arrival in = from(1024, SPAN(RRQ));

    (void)state;
    (void)started(s, in);
    (void)started(s, from(1025, SPAN(RRQ)));
    in.peer.scope = 3;
    (void)started(s, in);
    in.listener = 1;
    (void)started(s, in);
    in.peer.ip[0] = 1;
    (void)started(s, in);
    assert_int_equal(s->t.used, 5);
    server_close(s);
}

static void rule_6_a_new_transfer_takes_another_data_socket(void **state)
{
    (void)state;
    for (uint32_t sockets = 2; sockets <= 4; sockets++) {
        struct server *s = server_open((struct tftp_limits){ .sockets = sockets });
        uint32_t last = UINT32_MAX;

        for (unsigned i = 0; i < 40; i++) {
            struct tftp_session *session = started(s, from(1024, SPAN(RRQ)));

            assert_true(session->socket < sockets);
            assert_int_not_equal(session->socket, last);
            last = session->socket;
            tftp_sessions_release(&s->t, session, s->now);
            for (unsigned k = 0; k < i % 3; k++) /* others come in between */
                tftp_sessions_release(
                    &s->t, started(s, from((uint16_t)(2000 + k), SPAN(RRQ))), s->now);
        }
        server_close(s);
    }
}

static void rule_6_so_does_one_that_replaces(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .sockets = 2 });
    struct tftp_session *first = validated(s, from(1024, SPAN(RRQ)));
    struct tftp_session *second = started(s, from(1024, SPAN(WRQ)));

    (void)state;
    assert_int_not_equal(first->socket, second->socket);
    server_close(s);
}

/* Rule 6, single-port mode: an ERROR that comes much sooner than any round trip was meant
 * for a former one. An ACK is taken: the path may be quicker than it ever was. */
static void rule_6_with_one_port_stragglers_are_not_heard(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .single_port = true, .sockets = 1 });
    struct tftp_session *session = validated(s, from(1024, SPAN(RRQ))); /* 10 ms */

    (void)state;
    tftp_sessions_release(&s->t, session, s->now);
    assert_int_equal(ask(s, from(1024, SPAN("\0\1g\0octet\0"))), TFTP_OPEN);
    session = s->event.session;
    s->now += MS(100); /* it opens slowly: the time counts from the reply on */
    tftp_sessions_opened(&s->t, session, &file, s->now);
    assert_int_equal(pump(s, session), 1);
    s->now += MS(2);
    assert_int_equal(say(s, from(1024, SPAN("\0\5\0\0")), 0), TFTP_PUMP);
    assert_int_equal(pump(s, session), 0);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_RUNNING);
    assert_int_equal(say(s, from(1024, SPAN("\0\4\0\1")), 0), TFTP_PUMP);
    assert_int_equal(pump(s, session), 1);
    server_close(s);
}

static void a_replaced_transfer_is_not_refused(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *slow;
    uint8_t reply[64];

    (void)state;
    assert_int_equal(ask(s, from(1024, SPAN(RRQ))), TFTP_OPEN);
    slow = s->event.session;
    assert_int_equal(ask(s, from(1024, SPAN(WRQ))), TFTP_OPEN);
    assert_ptr_equal(s->event.replaced, slow);
    assert_int_equal(tftp_session_refused(slow, 1, "gone", reply), 0);
    assert_int_equal(tftp_session_outcome(slow), KEDGE_TFTP_REPLACED);
    server_close(s);
}

/* One slot more than room holds the new one until the old is released. */
static void replacing_in_a_full_pool(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 1 });
    struct tftp_session *old = started(s, from(1, SPAN(RRQ)));

    (void)state;
    assert_int_equal(ask(s, from(1, SPAN(WRQ))), TFTP_OPEN);
    assert_ptr_equal(s->event.replaced, old);
    old = s->event.session;
    /* A helper still holds the first: now there is no slot. */
    assert_int_equal(ask(s, from(1, SPAN(RRQ))), TFTP_DROPPED);
    assert_ptr_equal(s->event.replaced, old);
    assert_int_equal(s->t.dropped[TFTP_DROP_FULL], 1);
    server_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_opened),
        cmocka_unit_test(each_transfer_has_its_timeout),
        cmocka_unit_test(rule_6_the_same_request_is_one_transfer),
        cmocka_unit_test(rule_6_a_write_too),
        cmocka_unit_test(rule_6_within_an_rto_of_progress_it_is_a_stray),
        cmocka_unit_test(rule_6_what_waited_in_a_queue_is_a_stray),
        cmocka_unit_test(rule_6_progress_puts_that_off),
        cmocka_unit_test(rule_6_a_different_request_replaces),
        cmocka_unit_test(rule_6_so_does_one_to_another_address),
        cmocka_unit_test(other_peers_are_other_transfers),
        cmocka_unit_test(rule_6_a_new_transfer_takes_another_data_socket),
        cmocka_unit_test(rule_6_so_does_one_that_replaces),
        cmocka_unit_test(rule_6_with_one_port_stragglers_are_not_heard),
        cmocka_unit_test(a_replaced_transfer_is_not_refused),
        cmocka_unit_test(replacing_in_a_full_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
