/* SPDX-License-Identifier: MIT */
/* Tests of what a datagram on a data socket gets, and of how sessions end. */
#include "server.h"

static void a_packet_finds_its_transfer(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *one = started(s, from(1, SPAN(RRQ)));
    struct tftp_session *two = started(s, from(2, SPAN(WRQ)));

    (void)state;
    assert_int_equal(say(s, from(2, SPAN("\0\3\0\1abc")), two->socket), TFTP_PUMP);
    assert_ptr_equal(s->event.session, two);
    assert_int_equal(s->event.store.len, 3);
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), one->socket), TFTP_PUMP);
    assert_ptr_equal(s->event.session, one);
    assert_null(s->event.store.ptr);
    server_close(s);
}

static void rule_6_stragglers_on_another_data_socket_miss_it(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));

    (void)state;
    for (uint32_t socket = 0; socket < 4; socket++)
        if (socket != session->socket)
            assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), socket), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_UNKNOWN], 3);
    assert_false(session->machine.sender.half.validated);
    server_close(s);
}

static void while_it_opens_nothing_reaches_it(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });

    (void)state;
    assert_int_equal(ask(s, from(1, SPAN(RRQ))), TFTP_OPEN);
    for (uint32_t socket = 0; socket < 4; socket++)
        assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), socket), TFTP_DROPPED);
    server_close(s);
}

static void rule_7_a_stranger_gets_error_5_without_text(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });

    (void)state;
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), 0), TFTP_ANSWER);
    assert_int_equal(s->event.reply_len, 5);
    assert_memory_equal(s->event.reply, "\0\5\0\5\0", 5);
    assert_int_equal(say(s, from(2, SPAN("\0\3\0\1x")), 2), TFTP_ANSWER);
    assert_int_equal(s->t.dropped[TFTP_DROP_UNKNOWN], 2);
    server_close(s);
}

/* One that answers it with an ACK would never stop. */
static void rule_7_and_gets_it_once_in_30_s(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });

    (void)state;
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), 0), TFTP_ANSWER);
    for (unsigned i = 0; i < 29; i++) {
        s->now += KEDGE_SEC;
        assert_int_equal(say(s, from(1, SPAN("\0\3\0\1x")), i % 4), TFTP_DROPPED);
    }
    s->now += KEDGE_SEC;
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), 0), TFTP_ANSWER);
    (void)validated(s, from(1, SPAN(RRQ))); /* it is served as any other */
    server_close(s);
}

/* However many there are, what is remembered of transfers is not lost for them. */
static void rule_7_strangers_do_not_push_out_what_ended(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = validated(s, from(7, SPAN(RRQ)));
    unsigned answers = 0;

    (void)state;
    tftp_sessions_release(&s->t, session, s->now);
    for (unsigned port = 1; port < 65536; port++)
        answers += say(s, from((uint16_t)port, SPAN("\0\4\0\1")), 0) == TFTP_ANSWER;
    assert_int_equal(answers, s->t.past - 1);
    assert_int_equal(say(s, from(7, SPAN("\0\4\0\1")), 0), TFTP_DROPPED);
    server_close(s);
}

static void rule_7_but_never_in_answer_to_an_error(void **state)
{
    static const struct kedge_span silent[] = {
        BYTES("\0\5\0\5\0"), BYTES("\0\5\0\0"), BYTES("\0\6"),   BYTES(RRQ),
        BYTES(""),           BYTES("\0\4"),     BYTES("\0\3\0"), BYTES("\0\7\0\0"),
    };
    struct server *s = server_open((struct tftp_limits){ 0 });

    (void)state;
    for (size_t i = 0; i < COUNT(silent); i++)
        assert_int_equal(say(s, from(1, silent[i]), 0), TFTP_DROPPED);
    server_close(s);
}

static void rule_7_nor_to_what_was_sent_to_many(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_arrival in = from(1, SPAN("\0\4\0\1"));

    (void)state;
    in.to_broadcast = true;
    assert_int_equal(say(s, in, 0), TFTP_DROPPED);
    server_close(s);
}

static void rule_7_nor_to_a_peer_that_has_just_ended(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = validated(s, from(1, SPAN(RRQ)));
    uint32_t socket = session->socket;
    struct tftp_arrival late = from(1, SPAN("\0\4\0\2"));

    (void)state;
    tftp_sessions_release(&s->t, session, s->now);
    assert_int_equal(say(s, late, socket), TFTP_DROPPED);
    s->now += 29 * KEDGE_SEC;
    assert_int_equal(say(s, late, socket), TFTP_DROPPED);
    s->now += 2 * KEDGE_SEC;
    assert_int_equal(say(s, late, socket), TFTP_ANSWER);
    server_close(s);
}

static void rule_7_nor_to_one_that_was_refused(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    uint8_t reply[64];

    (void)state;
    assert_int_equal(ask(s, from(1, SPAN(RRQ))), TFTP_OPEN);
    assert_true(tftp_session_refused(s->event.session, 1, "", reply) > 0);
    tftp_sessions_release(&s->t, s->event.session, s->now);
    s->now += MS(1); /* tftp-hpa sends ACK 1 after the ERROR */
    for (uint32_t socket = 0; socket < 4; socket++)
        assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), socket), TFTP_DROPPED);
    server_close(s);
}

static void rule_7_nor_in_single_port_mode(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .single_port = true, .sockets = 1 });

    (void)state;
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), 0), TFTP_DROPPED);
    assert_int_equal(say(s, from(1, SPAN("\0\3\0\1x")), 0), TFTP_DROPPED);
    server_close(s);
}

static void with_one_port_requests_and_packets_are_told_apart(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .single_port = true, .sockets = 1 });
    struct tftp_session *session;

    (void)state;
    assert_int_equal(say(s, from(1, SPAN(RRQ)), 0), TFTP_OPEN);
    session = s->event.session;
    tftp_sessions_opened(&s->t, session, &file, s->now);
    assert_int_equal(pump(s, session), 1);
    assert_int_equal(say(s, from(1, SPAN(RRQ)), 0), TFTP_PUMP); /* asked again */
    assert_int_equal(pump(s, session), 1);
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), 0), TFTP_PUMP);
    assert_ptr_equal(s->event.session, session);
    assert_int_equal(pump(s, session), 1);
    server_close(s);
}

static void what_does_not_parse_is_counted(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));

    (void)state;
    assert_int_equal(say(s, from(1, SPAN("\0\4\0")), session->socket), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_MALFORMED], 1);
    server_close(s);
}

static void rule_6_an_aborted_size_probe_is_a_probe(void **state)
{
    static const struct {
        struct kedge_span request;
        struct kedge_span abort;
        enum kedge_tftp_outcome want;
    } probes[] = {
        { BYTES(RRQ_OPTIONS), BYTES("\0\5\0\0TFTP Aborted\0"), KEDGE_TFTP_PROBE },
        { BYTES(RRQ_OPTIONS), BYTES("\0\5\0\10User aborted\0"), KEDGE_TFTP_PROBE },
        { BYTES(RRQ_OPTIONS), BYTES("\0\5\0\3\0"), KEDGE_TFTP_ABORTED },
        { BYTES("\0\1f\0octet\0blksize\0001024\0"), BYTES("\0\5\0\10\0"),
          KEDGE_TFTP_ABORTED },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(probes); i++) {
        struct server *s = server_open((struct tftp_limits){ 0 });
        struct tftp_session *session = started(s, from(1, probes[i].request));

        assert_int_equal(say(s, from(1, probes[i].abort), session->socket), TFTP_PUMP);
        assert_int_equal(tftp_session_outcome(session), probes[i].want);
        assert_int_equal(pump(s, session), 0);
        server_close(s);
    }
}

static void later_it_is_an_abort(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = validated(s, from(1, SPAN(RRQ_OPTIONS)));

    (void)state;
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\1")), session->socket), TFTP_PUMP);
    (void)pump(s, session);
    assert_int_equal(say(s, from(1, SPAN("\0\5\0\0\0")), session->socket), TFTP_PUMP);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_ABORTED);
    server_close(s);
}

static void deadlines_come_in_order(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 64 });
    unsigned due = 0;

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        (void)started(s, from((uint16_t)(1000 + i), SPAN("\0\1ff\0octet\0")));
        s->now += MS(1);
    }
    for (unsigned i = 0; i < 64; i++) {
        struct tftp_session *session;

        s->now = tftp_sessions_deadline(&s->t);
        assert_true(s->now ==
                    KEDGE_SEC + MS(1000u + i)); /* each after its first second */
        while ((session = tftp_sessions_due(&s->t, s->now))) {
            assert_int_equal(session->peer.port, 1000 + i);
            assert_int_equal(pump(s, session), 1);
            due++;
        }
    }
    assert_int_equal(due, 64);
    server_close(s);
}

static void many_come_and_go(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 200 });

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        for (uint16_t i = 0; i < 100; i++)
            (void)started(s, from((uint16_t)(1000 * (round % 7) + i), SPAN(RRQ)));
        /* half of the table is its network's, and no more */
        assert_int_equal(ask(s, from(65000, SPAN(RRQ))), TFTP_DROPPED);
        for (uint16_t i = 0; i < 100; i++) {
            struct tftp_arrival in =
                from((uint16_t)(1000 * (round % 7) + (i * 37u + 11) % 100), SPAN(""));
            struct tftp_session *session = tftp_sessions_find(&s->t, 0, &in.peer);

            assert_non_null(session);
            assert_int_equal(session->peer.port, in.peer.port);
            tftp_sessions_release(&s->t, session, s->now);
            assert_null(tftp_sessions_find(&s->t, 0, &in.peer));
        }
        assert_int_equal(s->t.used, 0);
    }
    server_close(s);
}

static void an_upload_lingers_for_its_last_ack(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = validated(s, from(1, SPAN(WRQ)));

    (void)state;
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_RUNNING);
    kedge_tftp_receiver_committed(&session->machine.receiver, s->now);
    assert_int_equal(pump(s, session), 1);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_OK);
    s->now += 5 * KEDGE_SEC;
    assert_int_equal(say(s, from(1, SPAN("\0\3\0\1x")), session->socket), TFTP_PUMP);
    assert_null(s->event.store.ptr);
    assert_int_equal(pump(s, session), 1);
    server_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_finds_its_transfer),
        cmocka_unit_test(rule_6_stragglers_on_another_data_socket_miss_it),
        cmocka_unit_test(while_it_opens_nothing_reaches_it),
        cmocka_unit_test(rule_7_a_stranger_gets_error_5_without_text),
        cmocka_unit_test(rule_7_and_gets_it_once_in_30_s),
        cmocka_unit_test(rule_7_strangers_do_not_push_out_what_ended),
        cmocka_unit_test(rule_7_but_never_in_answer_to_an_error),
        cmocka_unit_test(rule_7_nor_to_what_was_sent_to_many),
        cmocka_unit_test(rule_7_nor_to_a_peer_that_has_just_ended),
        cmocka_unit_test(rule_7_nor_to_one_that_was_refused),
        cmocka_unit_test(rule_7_nor_in_single_port_mode),
        cmocka_unit_test(with_one_port_requests_and_packets_are_told_apart),
        cmocka_unit_test(what_does_not_parse_is_counted),
        cmocka_unit_test(rule_6_an_aborted_size_probe_is_a_probe),
        cmocka_unit_test(later_it_is_an_abort),
        cmocka_unit_test(deadlines_come_in_order),
        cmocka_unit_test(many_come_and_go),
        cmocka_unit_test(an_upload_lingers_for_its_last_ack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
