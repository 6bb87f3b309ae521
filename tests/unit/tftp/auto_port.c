/* SPDX-License-Identifier: MIT */
/* Tests of auto_port: who is answered from the request port, and since when. rule_15_N_ shows
 * the Nth line of rule 15's table. */
#include "auto_port.h"

static const struct kedge_span rrq = BYTES(RRQ);
static const struct kedge_span other_file = BYTES("\0\1g\0octet\0");
static const struct kedge_span ack_1 = BYTES("\0\4\0\1");
static const struct kedge_span ack_2 = BYTES("\0\4\0\2");
static const struct kedge_span tsize_rrq = BYTES(RRQ_OPTIONS);
static const struct kedge_span error_5 = BYTES("\0\5\0\5\0");
static const struct kedge_span error_8 = BYTES("\0\5\0\10\0");
static const struct kedge_span error_0 = BYTES("\0\5\0\0\0");

static void rule_15_1_the_first_answer_leaves_from_a_data_port(void **state)
{
    struct server *s = auto_server();

    (void)state;
    assert_int_equal(from_of(s, from(1, rrq)), TFTP_FROM_DATA);
    assert_int_equal(say(s, from(1, ack_1), TFTP_REQUEST_SOCKET), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_NOT_REQUEST], 1);
    server_close(s);
}

static void rule_15_1_a_repeat_is_answered_from_the_request_port(void **state)
{
    static const struct kedge_span requests[] = { BYTES(RRQ), BYTES(WRQ),
                                                  BYTES(RRQ_OPTIONS) };

    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct server *s = auto_server();
        struct tftp_session *session = started(s, from(1, requests[i]));

        s->now += MS(120); /* busybox */
        assert_int_equal(say(s, from(1, requests[i]), TFTP_REQUEST_SOCKET), TFTP_PUMP);
        assert_ptr_equal(s->event.session, session);
        assert_int_equal(pump(s, session), 1);
        assert_int_equal(session->from, TFTP_FROM_EITHER);
        server_close(s);
    }
}

static void rule_15_1_the_first_port_that_hears_has_the_transfer(void **state)
{
    (void)state;
    for (unsigned requests = 0; requests < 2; requests++) {
        struct server *s = auto_server();
        struct tftp_session *session = moved(s, from(1, rrq));
        uint32_t winner = requests ? TFTP_REQUEST_SOCKET : session->socket;
        uint32_t loser = requests ? session->socket : TFTP_REQUEST_SOCKET;

        assert_int_equal(say(s, from(1, ack_1), winner), TFTP_PUMP);
        assert_int_equal(session->from, requests ? TFTP_FROM_REQUEST : TFTP_FROM_DATA);
        assert_int_equal(pump(s, session), 1);
        assert_int_equal(say(s, from(1, ack_2), loser), TFTP_DROPPED);
        assert_int_equal(say(s, from(1, error_0), loser), TFTP_DROPPED);
        assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_RUNNING);
        complete(s, session, winner);
        server_close(s);
    }
}

static void rule_15_1_an_upload_goes_to_either(void **state)
{
    (void)state;
    for (unsigned requests = 0; requests < 2; requests++) {
        struct server *s = auto_server();
        struct tftp_session *session = moved(s, from(1, SPAN(WRQ)));

        assert_int_equal(say(s, from(1, SPAN("\0\3\0\1abc")),
                             requests ? TFTP_REQUEST_SOCKET : session->socket),
                         TFTP_PUMP);
        assert_int_equal(s->event.store.len, 3);
        assert_int_equal(session->from, requests ? TFTP_FROM_REQUEST : TFTP_FROM_DATA);
        server_close(s);
    }
}

/* A forged packet to a port that all know does not take the transfer from its client. */
static void rule_15_1_what_does_not_fit_wins_nothing_at_the_request_port(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = moved(s, from(1, rrq));

    (void)state;
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\7")), TFTP_REQUEST_SOCKET), TFTP_PUMP);
    assert_int_equal(pump(s, session), 0);
    assert_int_equal(session->from, TFTP_FROM_EITHER);
    assert_int_equal(say(s, from(1, SPAN("\0\4\0")), TFTP_REQUEST_SOCKET), TFTP_DROPPED);
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\5")), session->socket), TFTP_PUMP);
    assert_int_equal(session->from, TFTP_FROM_DATA);
    server_close(s);
}

static void rule_15_1_each_request_has_one_answer_at_most(void **state)
{
    struct server *s = auto_server();
    unsigned asked = 1, answers = 1;

    (void)state;
    (void)started(s, from(1, tsize_rrq));
    for (; s->now < 20 * KEDGE_SEC; asked++, s->now += MS(100))
        if (ask(s, from(1, tsize_rrq)) == TFTP_PUMP)
            answers += pump(s, s->event.session);
    assert_in_range(answers, 20, asked);
    assert_in_range(answers, 20, 4 + 20); /* four, and one a second: rule 7 stands */
    server_close(s);
}

static void a_datagram_that_comes_twice_is_no_repeat(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = started(s, from(1, rrq));
    struct tftp_arrival queued = from(1, rrq);

    (void)state;
    s->now += MS(10);
    assert_int_equal(again(s, from(1, rrq)), 1);
    assert_int_equal(session->from, TFTP_FROM_DATA);
    queued.came = s->now; /* and one that waited in a queue came before its answer */
    s->now += KEDGE_SEC;
    assert_int_equal(again(s, queued), 1);
    assert_int_equal(session->from, TFTP_FROM_DATA);
    server_close(s);
}

static void rule_15_2_once_the_data_port_has_heard_it_answers(void **state)
{
    static const struct kedge_span heard[] = { BYTES("\0\4\0\7"), BYTES("\0\4\0\1") };

    (void)state;
    for (size_t i = 0; i < COUNT(heard); i++) {
        struct server *s = auto_server();
        struct tftp_session *session = started(s, from(1, rrq));

        assert_int_equal(say(s, from(1, heard[i]), session->socket), TFTP_PUMP);
        (void)pump(s, session);
        s->now += MS(500);
        (void)ask(s, from(1, rrq));
        assert_int_equal(session->from, TFTP_FROM_DATA);
        server_close(s);
    }
}

/* Source ports come again: GRUB's is 25300 at each boot. */
static void rule_15_3_after_the_end_it_is_a_new_request(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = small_one(s, from(25300, rrq));

    (void)state;
    complete(s, session, session->socket);
    s->now += MS(300);
    assert_int_equal(from_of(s, from(25300, rrq)), TFTP_FROM_DATA);
    server_close(s);
}

static void rule_15_4_a_repeat_marks_the_address(void **state)
{
    struct server *s = auto_server();

    (void)state;
    (void)moved(s, from(1, rrq));
    assert_int_equal(from_of(s, from(2, other_file)), TFTP_FROM_REQUEST);
    assert_int_equal(say(s, from(2, ack_1), TFTP_REQUEST_SOCKET), TFTP_PUMP);
    assert_int_equal(from_of(s, at(2, 7, 1, rrq)), TFTP_FROM_DATA); /* its neighbour */
    s->now += 3599 * KEDGE_SEC;
    assert_int_equal(from_of(s, from(3, rrq)), TFTP_FROM_REQUEST);
    s->now += KEDGE_SEC;
    assert_int_equal(from_of(s, from(4, rrq)), TFTP_FROM_DATA);
    server_close(s);
}

/* One that was answered from there only is not heard at a data port. */
static void a_marked_address_has_no_data_port(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session;

    (void)state;
    (void)moved(s, from(1, rrq));
    session = started(s, from(2, rrq));
    for (uint32_t socket = 0; socket < 4; socket++)
        assert_int_equal(say(s, from(2, ack_1), socket), TFTP_DROPPED);
    s->now += KEDGE_SEC;
    assert_int_equal(again(s, from(2, rrq)), 1);
    assert_int_equal(session->from, TFTP_FROM_REQUEST);
    server_close(s);
}

static void rule_15_5_the_same_file_asked_for_again_marks_at_once(void **state)
{
    struct server *s = auto_server();
    uint32_t socket = 99;
    struct tftp_session *session = started(s, from(1, tsize_rrq));
    struct tftp_arrival next = from(2, rrq);

    (void)state;
    assert_true(tftp_sessions_silent(&s->t, &next, &socket));
    assert_int_equal(socket, session->socket);
    s->now += MS(10); /* EDK2's size query; its ERROR 8 is lost */
    assert_int_equal(from_of(s, next), TFTP_FROM_REQUEST);
    assert_false(tftp_sessions_silent(&s->t, &next, &socket));
    server_close(s);
}

static void rule_15_5_but_not_when_the_data_port_has_heard(void **state)
{
    struct server *s = auto_server();
    uint32_t socket;
    struct tftp_session *session = started(s, from(1, tsize_rrq));
    struct tftp_arrival next = from(2, rrq);

    (void)state;
    assert_int_equal(say(s, from(1, error_8), session->socket), TFTP_PUMP);
    s->now += MS(10);
    assert_false(tftp_sessions_silent(&s->t, &next, &socket));
    assert_int_equal(from_of(s, next), TFTP_FROM_DATA);
    server_close(s);
}

static void rule_15_5_an_upload_of_that_name_is_no_same_file(void **state)
{
    struct server *s = auto_server();

    (void)state;
    (void)started(s, from(1, tsize_rrq));
    s->now += MS(10);
    assert_int_equal(from_of(s, from(2, SPAN(WRQ))), TFTP_FROM_DATA);
    server_close(s);
}

/* Its port came again, and so it is at the request port as at a single one. */
static void a_straggler_of_the_last_transfer_is_not_heard(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session;

    (void)state;
    complete(s, moved(s, from(1, rrq)), TFTP_REQUEST_SOCKET);
    for (int i = 0; i < 2; i++) {
        session = small_one(s, from(1, rrq));
        assert_int_equal(session->from, TFTP_FROM_REQUEST);
        if (i == 0)
            complete(s, session, TFTP_REQUEST_SOCKET); /* a round trip of 10 ms */
    }
    s->now += MS(2);
    assert_int_equal(say(s, from(1, error_0), TFTP_REQUEST_SOCKET), TFTP_PUMP);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_RUNNING);
    s->now += MS(1);
    assert_int_equal(say(s, from(1, error_0), TFTP_REQUEST_SOCKET), TFTP_PUMP);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_ABORTED);
    server_close(s);
}

static void rule_15_5_two_clients_of_an_address_ask_at_once(void **state)
{
    struct server *s = auto_server();

    (void)state;
    for (uint16_t port = 1; port < 9; port++, s->now += MS(10))
        assert_int_equal(from_of(s, from(port, rrq)), TFTP_FROM_DATA);
    for (uint16_t port = 11; port < 19; port++, s->now += MS(10)) /* curl asks so */
        assert_int_equal(from_of(s, from(port, tsize_rrq)), TFTP_FROM_DATA);
    assert_int_equal(from_of(s, from(9, other_file)), TFTP_FROM_DATA);
    server_close(s);
}

static void rule_15_5_another_file_marks_after_a_second(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = started(s, from(1, rrq));

    (void)state;
    tftp_sessions_release(&s->t, session, s->now); /* its client gave up */
    s->now += KEDGE_SEC;
    assert_int_equal(from_of(s, from(1, other_file)), TFTP_FROM_REQUEST);
    server_close(s);
}

static void rule_15_5_what_was_in_vain_long_ago_marks_nothing(void **state)
{
    struct server *s = auto_server();

    (void)state;
    ends(s, started(s, from(1, rrq)));
    s->now += 3600 * KEDGE_SEC;
    assert_int_equal(from_of(s, from(1, rrq)), TFTP_FROM_DATA);
    server_close(s);
}

static void rule_15_5_a_network_is_marked_when_a_transfer_is_complete(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = moved(s, from(1, rrq));

    (void)state;
    assert_int_equal(from_of(s, at(2, 7, 1, rrq)), TFTP_FROM_DATA);
    complete(s, session, TFTP_REQUEST_SOCKET);
    s->now += 2 * KEDGE_SEC;
    assert_int_equal(from_of(s, at(2, 8, 1, rrq)), TFTP_FROM_REQUEST);
    assert_int_equal(from_of(s, at(3, 8, 1, rrq)), TFTP_FROM_DATA);
    server_close(s);
}

/* Else it would be for ever: who is marked tries no data port. */
static void rule_15_5_a_mark_of_a_network_does_not_renew_itself(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = moved(s, from(1, rrq));

    (void)state;
    complete(s, session, TFTP_REQUEST_SOCKET);
    for (unsigned minutes = 0; minutes < 59; minutes++) {
        s->now += 60 * KEDGE_SEC;
        session = small_one(s, at(2, (uint8_t)(minutes % 3), 9, rrq));
        assert_int_equal(session->from, TFTP_FROM_REQUEST);
        complete(s, session, TFTP_REQUEST_SOCKET);
    }
    s->now += 60 * KEDGE_SEC;
    assert_int_equal(from_of(s, from(9, rrq)), TFTP_FROM_DATA);
    server_close(s);
}

static void a_transfer_complete_at_a_data_port_clears_the_marks(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *early = small_one(s, at(2, 9, 1, rrq));
    struct tftp_session *session = moved(s, from(1, rrq));

    (void)state;
    complete(s, session, TFTP_REQUEST_SOCKET);
    assert_int_equal(from_of(s, at(2, 8, 1, rrq)), TFTP_FROM_REQUEST);
    complete(s, early, early->socket);
    assert_int_equal(from_of(s, at(2, 7, 1, rrq)), TFTP_FROM_DATA);
    assert_int_equal(from_of(s, from(7, rrq)), TFTP_FROM_REQUEST); /* its own stands */
    session = moved(s, at(4, 1, 1, rrq));
    complete(s, session, session->socket); /* slow, but it came to the data port */
    assert_int_equal(from_of(s, at(4, 1, 2, other_file)), TFTP_FROM_DATA);
    server_close(s);
}

/* The last ACK of a client often never comes. */
static void so_does_one_whose_last_ack_is_lost(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = moved(s, from(1, rrq));

    (void)state;
    assert_int_equal(say(s, from(1, ack_1), session->socket), TFTP_PUMP);
    (void)pump(s, session);
    assert_int_equal(from_of(s, from(2, rrq)), TFTP_FROM_REQUEST);
    while (tftp_session_outcome(session) == KEDGE_TFTP_RUNNING) {
        s->now = tftp_sessions_deadline(&s->t);
        (void)pump(s, tftp_sessions_due(&s->t, s->now));
    }
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_UNCONFIRMED);
    assert_int_equal(from_of(s, from(3, rrq)), TFTP_FROM_DATA);
    server_close(s);
}

static void an_upload_clears_them_before_it_has_lingered(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = moved(s, from(1, SPAN(WRQ)));

    (void)state;
    assert_int_equal(say(s, from(1, SPAN("\0\3\0\1x")), session->socket), TFTP_PUMP);
    (void)pump(s, session);
    assert_int_equal(from_of(s, from(2, rrq)), TFTP_FROM_REQUEST);
    kedge_tftp_receiver_committed(&session->machine.receiver, s->now);
    (void)pump(s, session);
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_OK);
    assert_int_equal(from_of(s, from(3, rrq)), TFTP_FROM_DATA);
    server_close(s);
}

/* The ERROR leaves from the request port (serve/tftp), and no client answers one. */
static void rule_15_6_a_refusal_says_nothing_of_the_data_port(void **state)
{
    struct server *s = auto_server();
    uint8_t reply[64];

    (void)state;
    for (uint16_t port = 1; port < 20; port++, s->now += MS(300)) {
        assert_int_equal(ask(s, from(port, rrq)), TFTP_OPEN);
        assert_int_equal(s->event.session->from, TFTP_FROM_DATA);
        assert_true(tftp_session_refused(s->event.session, 1, "", reply) > 0);
        tftp_sessions_release(&s->t, s->event.session, s->now);
    }
    server_close(s);
}

static void rule_15_7_error_5_to_one_of_two_ports_ends_nothing(void **state)
{
    (void)state;
    for (unsigned requests = 0; requests < 2; requests++) {
        struct server *s = auto_server();
        struct tftp_session *session = moved(s, from(1, rrq));
        uint32_t data = session->socket;

        assert_int_equal(say(s, from(1, error_5), requests ? TFTP_REQUEST_SOCKET : data),
                         TFTP_DROPPED);
        assert_int_equal(session->from, TFTP_FROM_EITHER);
        complete(s, session, requests ? data : TFTP_REQUEST_SOCKET);
        server_close(s);
    }
}

/* Proved it has, but not to the end: its network is as it was. */
static void rule_15_7_other_errors_end_it_and_prove_their_port(void **state)
{
    static const struct {
        struct kedge_span request, error;
        enum kedge_tftp_outcome outcome;
    } cases[] = {
        { BYTES(RRQ_OPTIONS), BYTES("\0\5\0\10\0"), KEDGE_TFTP_PROBE },
        { BYTES(RRQ_OPTIONS), BYTES("\0\5\0\0\0"), KEDGE_TFTP_PROBE },
        { BYTES(RRQ), BYTES("\0\5\0\0\0"), KEDGE_TFTP_ABORTED },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        for (unsigned requests = 0; requests < 2; requests++) {
            struct server *s = auto_server();
            struct tftp_session *session = moved(s, from(1, cases[i].request));

            assert_int_equal(say(s, from(1, cases[i].error),
                                 requests ? TFTP_REQUEST_SOCKET : session->socket),
                             TFTP_PUMP);
            assert_int_equal(session->from,
                             requests ? TFTP_FROM_REQUEST : TFTP_FROM_DATA);
            assert_int_equal(tftp_session_outcome(session), cases[i].outcome);
            tftp_sessions_release(&s->t, session, s->now);
            assert_int_equal(from_of(s, from(2, rrq)),
                             requests ? TFTP_FROM_REQUEST : TFTP_FROM_DATA);
            assert_int_equal(from_of(s, at(2, 7, 1, rrq)), TFTP_FROM_DATA);
            server_close(s);
        }
}

static void
rule_15_8_what_the_own_firewall_holds_leaves_from_the_request_port(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *read = started(s, from(1, rrq));
    struct tftp_session *write = started(s, at(3, 1, 1, SPAN(WRQ)));

    (void)state;
    assert_true(tftp_sessions_blocked(&s->t, read, s->now));
    assert_int_equal(read->from, TFTP_FROM_REQUEST);
    assert_int_equal(pump(s, read), 1);
    assert_false(tftp_sessions_blocked(&s->t, read, s->now)); /* once is enough */
    assert_true(tftp_sessions_blocked(&s->t, write, s->now));
    assert_int_equal(pump(s, write), 1);
    server_close(s);
}

/* It may be a table of connections that was full for a moment. */
static void rule_15_8_that_is_no_word_about_the_client(void **state)
{
    struct server *s = auto_server();
    struct tftp_arrival next = from(2, rrq);
    struct tftp_session *session = small_one(s, from(1, rrq));
    uint32_t socket;

    (void)state;
    assert_true(tftp_sessions_blocked(&s->t, session, s->now));
    assert_false(tftp_sessions_silent(&s->t, &next, &socket));
    complete(s, session, TFTP_REQUEST_SOCKET);
    s->now += 2 * KEDGE_SEC;
    assert_int_equal(from_of(s, next), TFTP_FROM_DATA);
    assert_int_equal(from_of(s, at(2, 7, 1, rrq)), TFTP_FROM_DATA); /* its neighbour */
    server_close(s);
}

static void rule_15_8_not_where_the_data_port_has_been_heard(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = validated(s, from(1, rrq));

    (void)state;
    assert_false(tftp_sessions_blocked(&s->t, session, s->now));
    assert_int_equal(ask(s, from(2, rrq)), TFTP_OPEN);
    assert_false(tftp_sessions_blocked(&s->t, s->event.session, s->now));
    server_close(s);
}

/* The client hears the data port, and is not heard there: it does not ask again. */
static void rule_15_9_a_first_file_is_not_saved_where_the_way_back_is_closed(void **state)
{
    struct server *s = auto_server();
    struct tftp_session *session = started(s, from(1, rrq));

    (void)state;
    while (tftp_session_outcome(session) == KEDGE_TFTP_RUNNING) {
        s->now = tftp_sessions_deadline(&s->t);
        assert_ptr_equal(tftp_sessions_due(&s->t, s->now), session);
        (void)pump(s, session);
        assert_int_equal(session->from, TFTP_FROM_DATA);
    }
    assert_int_equal(tftp_session_outcome(session), KEDGE_TFTP_TIMEOUT);
    tftp_sessions_release(&s->t, session, s->now);
    assert_int_equal(from_of(s, from(2, other_file)), TFTP_FROM_REQUEST);
    server_close(s);
}

static void without_auto_port_nothing_moves(void **state)
{
    (void)state;
    for (unsigned single = 0; single < 2; single++) {
        struct server *s = server_open(
            (struct tftp_limits){ .single_port = single, .sockets = single ? 1 : 4 });
        struct tftp_session *session = started(s, from(1, rrq));
        struct tftp_arrival next = from(2, rrq);
        uint32_t socket;

        s->now += KEDGE_SEC;
        assert_int_equal(again(s, from(1, rrq)), 1);
        assert_int_equal(session->from, TFTP_FROM_DATA);
        assert_false(tftp_sessions_blocked(&s->t, session, s->now));
        assert_false(tftp_sessions_silent(&s->t, &next, &socket));
        assert_int_equal(from_of(s, next), TFTP_FROM_DATA);
        session = small_one(s, from(3, rrq));
        complete(s, session, session->socket);
        server_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_15_1_the_first_answer_leaves_from_a_data_port),
        cmocka_unit_test(rule_15_1_a_repeat_is_answered_from_the_request_port),
        cmocka_unit_test(rule_15_1_the_first_port_that_hears_has_the_transfer),
        cmocka_unit_test(rule_15_1_an_upload_goes_to_either),
        cmocka_unit_test(rule_15_1_what_does_not_fit_wins_nothing_at_the_request_port),
        cmocka_unit_test(rule_15_1_each_request_has_one_answer_at_most),
        cmocka_unit_test(a_datagram_that_comes_twice_is_no_repeat),
        cmocka_unit_test(rule_15_2_once_the_data_port_has_heard_it_answers),
        cmocka_unit_test(rule_15_3_after_the_end_it_is_a_new_request),
        cmocka_unit_test(rule_15_4_a_repeat_marks_the_address),
        cmocka_unit_test(a_marked_address_has_no_data_port),
        cmocka_unit_test(rule_15_5_the_same_file_asked_for_again_marks_at_once),
        cmocka_unit_test(rule_15_5_but_not_when_the_data_port_has_heard),
        cmocka_unit_test(rule_15_5_an_upload_of_that_name_is_no_same_file),
        cmocka_unit_test(a_straggler_of_the_last_transfer_is_not_heard),
        cmocka_unit_test(rule_15_5_two_clients_of_an_address_ask_at_once),
        cmocka_unit_test(rule_15_5_another_file_marks_after_a_second),
        cmocka_unit_test(rule_15_5_what_was_in_vain_long_ago_marks_nothing),
        cmocka_unit_test(rule_15_5_a_network_is_marked_when_a_transfer_is_complete),
        cmocka_unit_test(rule_15_5_a_mark_of_a_network_does_not_renew_itself),
        cmocka_unit_test(a_transfer_complete_at_a_data_port_clears_the_marks),
        cmocka_unit_test(so_does_one_whose_last_ack_is_lost),
        cmocka_unit_test(an_upload_clears_them_before_it_has_lingered),
        cmocka_unit_test(rule_15_6_a_refusal_says_nothing_of_the_data_port),
        cmocka_unit_test(rule_15_7_error_5_to_one_of_two_ports_ends_nothing),
        cmocka_unit_test(rule_15_7_other_errors_end_it_and_prove_their_port),
        cmocka_unit_test(
            rule_15_8_what_the_own_firewall_holds_leaves_from_the_request_port),
        cmocka_unit_test(rule_15_8_that_is_no_word_about_the_client),
        cmocka_unit_test(rule_15_8_not_where_the_data_port_has_been_heard),
        cmocka_unit_test(
            rule_15_9_a_first_file_is_not_saved_where_the_way_back_is_closed),
        cmocka_unit_test(without_auto_port_nothing_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
