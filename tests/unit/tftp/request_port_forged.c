/* SPDX-License-Identifier: MIT */
/* Tests of what a datagram on the request port gets that may be forged: silence, or next to
 * nothing (rule 7). */
#include "server.h"

static const struct kedge_span no_requests[] = {
    BYTES(""),
    BYTES("\0"),
    BYTES("\0\0"),
    BYTES("\0\3\0\1x"),
    BYTES("\0\4\0\0"),
    BYTES("\0\4\0\1"),
    BYTES("\0\5\0\4x\0"),
    BYTES("\0\6tsize\0001\0"),
    BYTES("\0\7"),
    BYTES("\1\1f\0octet\0"),
    BYTES("GET / HTTP/1.1\r\n\r\n"),
};

static void rule_7_what_is_no_request_is_dropped_in_silence(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });

    (void)state;
    for (size_t i = 0; i < COUNT(no_requests); i++) {
        assert_int_equal(ask(s, from(1024, no_requests[i])), TFTP_DROPPED);
        assert_int_equal(s->t.dropped[TFTP_DROP_NOT_REQUEST], i + 1);
    }
    assert_int_equal(s->t.used, 0);
    server_close(s);
}

static void rule_7_so_it_is_in_single_port_mode(void **state)
{
    struct server *s =
        server_open((struct tftp_limits){ .single_port = true, .sockets = 1 });

    (void)state;
    for (size_t i = 0; i < COUNT(no_requests); i++)
        assert_int_equal(say(s, from(1024, no_requests[i]), 0), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_NOT_REQUEST], COUNT(no_requests));
    server_close(s);
}

static void rule_7_nothing_sent_to_many_is_answered(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_arrival in = from(1024, SPAN(RRQ));

    (void)state;
    in.to_broadcast = true;
    assert_int_equal(ask(s, in), TFTP_DROPPED);
    in.bytes = SPAN("\0\1f\0oct");
    assert_int_equal(ask(s, in), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_TO_BROADCAST], 2);
    server_close(s);
}

/* Each prefix of a request without its mode is answered by ERROR 4, in no more bytes. */
static void rule_7_an_error_is_no_longer_than_its_request(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });

    (void)state;
    for (size_t n = 2; n < sizeof RRQ - 1; n++) {
        struct kedge_span cut = { (const uint8_t *)RRQ, n };
        enum tftp_verdict verdict = ask(s, from(1024, cut));

        assert_int_equal(verdict, n < 5 ? TFTP_DROPPED : TFTP_ANSWER);
        assert_true(s->event.reply_len <= n);
        if (verdict == TFTP_ANSWER)
            assert_memory_equal(s->event.reply, "\0\5\0\4", 4);
    }
    assert_int_equal(s->t.dropped[TFTP_DROP_MALFORMED], sizeof RRQ - 3);
    server_close(s);
}

/* A malformed request is told which part is, as far as its own length allows. */
static void what_is_malformed_is_said_where_it_fits(void **state)
{
    static const char name[] = "\0\1a/long/name/no/end";
    static const char mode[] = "\0\2name\0octetoctetocte";
    static const char less[] = "\0\1name\0octetmo";
    static uint8_t large[KEDGE_TFTP_REQUEST_MAX + 1] = { 0, KEDGE_TFTP_RRQ, 'a' };
    const struct {
        struct kedge_span request;
        const char *text;
    } cases[] = {
        { SPAN(name), "malformed: name" },
        { SPAN(mode), "malformed: mode" },
        { SPAN(less), "malformed" },
        { { large, sizeof large }, "malformed: too long" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server *s = server_open((struct tftp_limits){ 0 });

        assert_int_equal(ask(s, from(1024, cases[i].request)), TFTP_ANSWER);
        assert_string_equal((const char *)s->event.reply + 4, cases[i].text);
        assert_int_equal(s->event.reply_len, 5 + strlen(cases[i].text));
        assert_non_null(s->event.malformed);
        server_close(s);
    }
}

static void rule_7_nor_is_the_refusal_of_a_file(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    uint8_t reply[64];
    size_t len;

    (void)state;
    assert_int_equal(ask(s, from(1024, SPAN(RRQ))), TFTP_OPEN);
    len = tftp_session_refused(s->event.session, 1, "a text that is too long for it",
                               reply);
    assert_int_equal(len, KEDGE_TFTP_ERROR_MIN); /* without a part of it */
    assert_memory_equal(reply, "\0\5\0\1", 5);
    assert_int_equal(tftp_session_outcome(s->event.session), KEDGE_TFTP_REFUSED);
    server_close(s);
}

/* The shortest request has no room for an ERROR. */
static void rule_7_nor_is_that_of_a_request_without_words(void **state)
{
    static const char words[] = "\0\1\0\0";
    struct server *s = server_open((struct tftp_limits){ 0 });
    uint8_t reply[64];

    (void)state;
    assert_int_equal(ask(s, from(1024, SPAN(words))), TFTP_OPEN);
    assert_int_equal(tftp_session_refused(s->event.session, 4, "mode", reply), 0);
    assert_int_equal(tftp_session_outcome(s->event.session), KEDGE_TFTP_REFUSED);
    server_close(s);
}

/* A peer that asks for ever other files would fill the table with what is being opened. */
static void rule_7_what_is_replaced_holds_its_budget_while_it_opens(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .unvalidated_max = 3 });
    struct tftp_session *opening;

    (void)state;
    assert_int_equal(ask(s, from(1, SPAN("\0\1a\0octet\0"))), TFTP_OPEN);
    opening = s->event.session;
    assert_int_equal(ask(s, from(1, SPAN("\0\1b\0octet\0"))), TFTP_OPEN);
    assert_ptr_equal(s->event.replaced, opening);
    assert_int_equal(ask(s, from(1, SPAN("\0\1c\0octet\0"))), TFTP_OPEN);
    assert_int_equal(ask(s, from(1, SPAN("\0\1d\0octet\0"))), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_OVER_BUDGET], 1);
    tftp_sessions_release(&s->t, opening, s->now); /* the helper is done with it */
    assert_int_equal(ask(s, from(1, SPAN("\0\1d\0octet\0"))), TFTP_OPEN);
    server_close(s);
}

/* Two blocks are 103 times a request of ten bytes, and 94 times one of eleven. */
static void rule_7_at_most_100_bytes_leave_for_one(void **state)
{
    static const struct {
        struct kedge_span request;
        unsigned want;
    } rows[] = {
        { BYTES("\0\1f\0octet\0"), 0 },
        { BYTES("\0\1ff\0octet\0"), 1 },
        { BYTES("\0\1f\0netascii\0"), 1 },
        { BYTES("\0\1f\0octet\0blksize\0001024\0"), 1 }, /* an OACK */
        { BYTES("\0\2f\0octet\0"), 1 },                  /* an ACK */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct server *s = server_open((struct tftp_limits){ 0 });
        struct tftp_session *session = started(s, from(1, rows[i].request));

        s->now += 6 * KEDGE_SEC;
        if (pump(s, session) != rows[i].want)
            fail_msg("row %zu", i);
        s->now += 6 * KEDGE_SEC;
        assert_int_equal(pump(s, session), 0);
        server_close(s);
    }
}

static void rule_7_a_full_pool_is_silent(void **state)
{
    struct server *s = server_open((struct tftp_limits){ .room = 2 });
    struct tftp_session *one = started(s, from(1, SPAN(RRQ)));

    (void)state;
    (void)started(s, from(2, SPAN(RRQ)));
    assert_int_equal(ask(s, from(3, SPAN(RRQ))), TFTP_DROPPED);
    assert_int_equal(s->t.dropped[TFTP_DROP_FULL], 1);
    assert_int_equal(s->event.reply_len, 0);
    tftp_sessions_release(&s->t, one, s->now);
    (void)started(s, from(3, SPAN(RRQ)));
    server_close(s);
}

static void rule_7_a_forged_request_is_not_answered_each_time(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = started(s, from(1, SPAN(RRQ)));
    unsigned replies = 0;

    (void)state;
    for (int i = 0; i < 100; i++) /* at once */
        replies += ask(s, from(1, SPAN(RRQ))) == TFTP_PUMP && pump(s, session) == 1;
    assert_int_equal(replies, 4);
    s->now += 900 * KEDGE_MSEC;
    assert_int_equal(ask(s, from(1, SPAN(RRQ))), TFTP_DROPPED);
    for (int i = 0; i < 10; i++, s->now += KEDGE_SEC) {
        replies += ask(s, from(1, SPAN(RRQ))) == TFTP_PUMP && pump(s, session) == 1;
        assert_int_equal(ask(s, from(1, SPAN(RRQ))), TFTP_DROPPED);
    }
    assert_in_range(replies, 12, 14);
    server_close(s);
}

/* A client that asks every 400 ms, and whose path loses its first ten replies, gets there. */
static void rule_7_an_honest_one_that_repeats_itself_is(void **state)
{
    struct server *s = server_open((struct tftp_limits){ 0 });
    struct tftp_session *session = started(s, from(1, SPAN(RRQ_OPTIONS)));
    unsigned replies = 1;

    (void)state;
    for (int i = 0; i < 50 && replies < 11; i++) {
        s->now += 400 * KEDGE_MSEC;
        replies += ask(s, from(1, SPAN(RRQ_OPTIONS))) == TFTP_PUMP && pump(s, session);
    }
    assert_int_equal(replies, 11);
    assert_true(s->now < 10 * KEDGE_SEC);
    assert_int_equal(say(s, from(1, SPAN("\0\4\0\0")), session->socket), TFTP_PUMP);
    assert_int_equal(pump(s, session), 1);
    server_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_7_what_is_no_request_is_dropped_in_silence),
        cmocka_unit_test(rule_7_so_it_is_in_single_port_mode),
        cmocka_unit_test(rule_7_nothing_sent_to_many_is_answered),
        cmocka_unit_test(rule_7_an_error_is_no_longer_than_its_request),
        cmocka_unit_test(what_is_malformed_is_said_where_it_fits),
        cmocka_unit_test(rule_7_nor_is_the_refusal_of_a_file),
        cmocka_unit_test(rule_7_nor_is_that_of_a_request_without_words),
        cmocka_unit_test(rule_7_what_is_replaced_holds_its_budget_while_it_opens),
        cmocka_unit_test(rule_7_at_most_100_bytes_leave_for_one),
        cmocka_unit_test(rule_7_a_full_pool_is_silent),
        cmocka_unit_test(rule_7_a_forged_request_is_not_answered_each_time),
        cmocka_unit_test(rule_7_an_honest_one_that_repeats_itself_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
