/* SPDX-License-Identifier: MIT */
/* Tests of the sending side at its start and its end, and of its counting. */
#include "script.h"

static void rule_10_the_last_block_leaves_four_times_then_it_is_unconfirmed(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },     { 10, ACK, 1, 2, 3, RUN },
        { 70, TIME, 0, 2, 3, RUN },    { 190, TIME, 0, 2, 3, RUN },
        { 430, TIME, 0, 2, 3, RUN }, /* U-Boot asks again after 5 s, others after 10 */
        { 30009, TIME, 0, 0, 0, RUN }, { 30010, TIME, 0, 0, 0, KEDGE_TFTP_UNCONFIRMED },
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 2);

    (void)state;
    PLAY(&s, script);
}

static void rule_10_who_still_asks_gets_the_last_block_for_30_seconds(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },
        { 10, ACK, 1, 2, 3, RUN },
        { 70, TIME, 0, 2, 3, RUN },
        { 190, TIME, 0, 2, 3, RUN },
        { 430, TIME, 0, 2, 3, RUN },
        { 5010, ACK, 1, 0, 0, RUN },  /* its own timer; by ours, not at once */
        { 5490, TIME, 0, 2, 3, RUN }, /* that one is lost as well */
        { 15010, ACK, 1, 0, 0, RUN },
        { 15970, TIME, 0, 2, 3, RUN },
        { 27010, ACK, 1, 0, 0, RUN },
        { 27011, ACK, 1, 0, 0, RUN },
        { 28930, TIME, 0, 2, 3, RUN },
        { 30009, ACK, 2, 0, 0, DONE },
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 2);

    (void)state;
    PLAY(&s, script);
}

/* Who takes the last block keeps the file before it answers, and that takes as long as ever
 * however well the round trip is known. */
static void the_last_block_is_given_longer(void **state)
{
    struct kedge_tftp_sender s = sender(1, 1, true, 40);
    kedge_nanos now = 0;

    (void)state;
    for (uint16_t block = 1; block < 40; block++, now += MS(10)) {
        struct kedge_tftp_packet in = ack(block);
        struct sent out = { 0, 0 };

        pump(&s, now, &out);
        kedge_tftp_sender_read(&s, &in, now + MS(10));
    }
    assert_true(s.expiry == KEDGE_NEVER && s.next == 40);
    pump(&s, now, &(struct sent){ 0, 0 });
    assert_true(s.expiry - now >= s.half.rtt.smoothed + MS(50));
}

/* A put's last ACK leaves after fsync and rename: a client waits as long as for any. */
static void a_client_waits_longer_for_the_last_ack(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },     { 10, ACK, 1, 2, 3, RUN },
        { 70, TIME, 0, 2, 3, RUN },    { 190, TIME, 0, 2, 3, RUN },
        { 430, TIME, 0, 2, 3, RUN },   { 910, TIME, 0, 2, 3, RUN },
        { 1870, TIME, 0, 2, 3, RUN },  { 3790, TIME, 0, 2, 3, RUN },
        { 7630, TIME, 0, 2, 3, RUN },  { 13630, TIME, 0, 2, 3, RUN },
        { 19630, TIME, 0, 2, 3, RUN }, { 20010, ACK, 2, 0, 0, DONE },
    };
    struct kedge_tftp_terms terms = { .blksize = 512,
                                      .window = 1,
                                      .confirm = 30 * KEDGE_SEC };
    struct kedge_tftp_sender s;

    (void)state;
    kedge_tftp_sender_init(&s, &terms, 1, true, 0);
    kedge_tftp_sender_end(&s, 2);
    PLAY(&s, script);
}

/* Rule 7: what a peer gets that may not exist: each request one reply, and one more by the
 * timer. */
static void rule_7_an_unproved_peer_gets_one_repeat_by_the_timer(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },
        { 1000, TIME, 0, 1, 2, RUN },
        { 5000, TIME, 0, 0, 0, RUN },
        { 29999, TIME, 0, 0, 0, RUN },
        { 30000, TIME, 0, 0, 0, KEDGE_TFTP_TIMEOUT },
    };
    struct kedge_tftp_sender s = sender(1, 1, false, 9);

    (void)state;
    PLAY(&s, script);
}

static void rule_7_an_oack_is_repeated_after_5_s_only(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 4999, TIME, 0, 0, 0, RUN },
        { 5000, TIME, 0, 0, 1, RUN },
        { 29999, TIME, 0, 0, 0, RUN },
    };
    struct kedge_tftp_sender s = sender(1, 0, false, 9);

    (void)state;
    PLAY(&s, script);
}

static void rule_7_an_oack_waits_for_the_timeout_that_was_asked(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 8999, TIME, 0, 0, 0, RUN },
        { 9000, TIME, 0, 0, 1, RUN },
    };
    struct kedge_tftp_terms terms = { .blksize = 512,
                                      .window = 1,
                                      .timeout = 9 * KEDGE_SEC };
    struct kedge_tftp_sender s;

    (void)state;
    kedge_tftp_sender_init(&s, &terms, 0, false, 0);
    PLAY(&s, script);
}

static void rule_7_after_ack_0_the_oack_never_leaves_again(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },  { 10, ACK, 0, 1, 2, RUN },
        { 11, ACK, 0, 0, 0, RUN },  { 12, AGAIN, 0, 0, 0, RUN },
        { 70, TIME, 0, 1, 2, RUN }, { 80, ACK, 0, 0, 0, RUN },
    };
    struct kedge_tftp_sender s = sender(1, 0, false, 9);

    (void)state;
    PLAY(&s, script);
}

static void rule_6_the_same_request_gets_the_first_reply_again(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },     { 400, AGAIN, 0, 0, 1, RUN },
        { 820, AGAIN, 0, 0, 1, RUN }, /* GRUB */
        { 5819, TIME, 0, 0, 0, RUN },  { 5820, TIME, 0, 0, 1, RUN },
        { 6000, AGAIN, 0, 0, 1, RUN }, { 20000, TIME, 0, 0, 0, RUN },
        { 20001, ACK, 0, 1, 2, RUN },  { 20002, AGAIN, 0, 0, 0, RUN },
    };
    struct kedge_tftp_sender s = sender(1, 0, false, 9);

    (void)state;
    PLAY(&s, script);
}

static void an_ack_of_nothing_sent_proves_nothing(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 1, ACK, 1, 0, 0, RUN },
        { 2, ACK, 65535, 0, 0, RUN },
        { 3, ACK, 7, 0, 0, RUN },
    };
    static const struct line plain[] = {
        { 0, TIME, 0, 1, 2, RUN },
        { 1, ACK, 0, 0, 0, RUN },
        { 5000, TIME, 0, 1, 2, RUN },
        { 29999, TIME, 0, 0, 0, RUN },
    };
    struct kedge_tftp_sender s = sender(8, 0, false, 9);

    (void)state;
    PLAY(&s, script);
    assert_false(s.half.validated);
    s = sender(1, 1, false, 9); /* no OACK went out: there is no ACK 0 */
    PLAY(&s, plain);
    assert_false(s.half.validated);
}

static void rule_10_error_0_after_the_last_block_is_success(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 10, ACK, 0, 1, 3, RUN },
        { 20, ERROR, 0, 0, 0, DONE }, /* GRUB closes so */
    };
    struct kedge_tftp_sender s = sender(4, 0, false, 2);

    (void)state;
    PLAY(&s, script);
}

static void an_error_before_that_is_an_abort(void **state)
{
    static const struct line early[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 10, ACK, 0, 1, 3, RUN },
        { 20, ERROR, 0, 0, 0, KEDGE_TFTP_ABORTED },
        { 21, ACK, 2, 0, 0, KEDGE_TFTP_ABORTED },
    };
    static const struct line at_the_oack[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 20, ERROR, 8, 0, 0, KEDGE_TFTP_ABORTED },
    };
    static const struct line another_code[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 10, ACK, 0, 1, 3, RUN },
        { 20, ERROR, 3, 0, 0, KEDGE_TFTP_ABORTED },
    };
    struct kedge_tftp_sender s = sender(2, 0, false, 3);

    (void)state;
    PLAY(&s, early);
    s = sender(2, 0, false, 3);
    PLAY(&s, at_the_oack);
    assert_int_equal(s.half.code, 8);
    s = sender(2, 0, false, 2);
    PLAY(&s, another_code);
    assert_int_equal(s.half.code, 3);
}

static void deaf_to_errors_until_its_own_can_come(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },  { 4, ERROR, 0, 0, 0, RUN }, { 4, ACK, 0, 1, 2, RUN },
        { 4, ERROR, 0, 0, 0, RUN }, { 6, ACK, 1, 2, 3, RUN },
    };
    struct kedge_tftp_terms terms = { .blksize = 512,
                                      .window = 1,
                                      .ignore_before = MS(5) };
    struct kedge_tftp_sender s;

    (void)state;
    kedge_tftp_sender_init(&s, &terms, 0, false, 0);
    PLAY(&s, script);
}

/* A whole transfer of `last` blocks, each ACK at once, a window at a time. */
static void run_through(uint32_t window, uint32_t rollover, uint64_t last)
{
    struct kedge_tftp_sender s = sender(window, 1, true, last);
    kedge_nanos now = 0;

    s.half.terms.rollover = rollover;
    while (s.half.outcome == KEDGE_TFTP_RUNNING) {
        struct sent out = { 0, 0 };
        struct kedge_tftp_packet in;
        uint64_t left = last + 1 - s.half.base;

        pump(&s, now, &out);
        assert_true(out.end - out.first == (left < window ? left : window));
        in = ack(kedge_tftp_wire(out.end - 1, rollover));
        now += MS(1);
        kedge_tftp_sender_read(&s, &in, now);
        assert_true(s.half.base == out.end);
        if (s.half.outcome == KEDGE_TFTP_RUNNING)
            kedge_tftp_sender_read(&s, &in, now); /* never taken for a later one */
        assert_true(s.half.base == out.end);
    }
    assert_int_equal(s.half.outcome, DONE);
    assert_true(s.half.base == last + 1 && s.half.resent == 0);
}

static void rule_1_any_size(void **state)
{
    static const uint32_t windows[] = { 1, 2, 64, KEDGE_TFTP_WINDOW_GRANT_MAX };
    static const uint64_t lasts[] = { 1, 65534, 65535, 65536, 65537, 131072, 300000 };

    (void)state;
    for (size_t w = 0; w < COUNT(windows); w++)
        for (size_t i = 0; i < COUNT(lasts); i++) {
            run_through(windows[w], 0, lasts[i]);
            run_through(windows[w], 1, lasts[i]);
        }
}

static void the_end_may_be_known_late(void **state)
{
    struct kedge_tftp_terms terms = { .blksize = 512, .window = 8 };
    struct kedge_tftp_packet in = ack(3);
    struct kedge_tftp_action a;
    struct kedge_tftp_sender s;

    (void)state;
    kedge_tftp_sender_init(&s, &terms, 1, true, 0);
    a = kedge_tftp_sender_write(&s, 0);
    assert_true(a.first == 1 && a.end == 9);
    kedge_tftp_sender_end(&s, 3); /* netascii: reading found it */
    kedge_tftp_sender_sent(&s, 1, 4, 0);
    assert_int_equal(kedge_tftp_sender_write(&s, 0).todo, KEDGE_TFTP_WAIT);
    kedge_tftp_sender_read(&s, &in, MS(1));
    assert_int_equal(s.half.outcome, DONE);
}

static void what_did_not_leave_is_asked_for_again(void **state)
{
    struct kedge_tftp_sender s = sender(8, 1, true, 1000);
    struct kedge_tftp_action a;

    (void)state;
    a = kedge_tftp_sender_write(&s, 0);
    assert_true(a.first == 1 && a.end == 9);
    kedge_tftp_sender_sent(&s, 1, 4, 0); /* a turn was full */
    a = kedge_tftp_sender_write(&s, 0);
    assert_true(a.first == 4 && a.end == 9);
    kedge_tftp_sender_sent(&s, 4, 4, 0); /* storage has nothing yet */
    a = kedge_tftp_sender_write(&s, MS(5));
    assert_true(a.first == 4 && a.end == 9);
    assert_true(s.half.resent == 0);
}

/* A disk may be slower than the round trip. The peer waits for the rest of the window, so
 * its silence says nothing. */
static void a_window_that_has_not_left_whole_is_not_sent_again(void **state)
{
    struct kedge_tftp_sender s = sender(8, 1, true, 1000);
    struct kedge_tftp_packet in = ack(8);
    struct kedge_tftp_action a = kedge_tftp_sender_write(&s, 0);

    (void)state;
    kedge_tftp_sender_sent(&s, a.first, a.end, 0);
    kedge_tftp_sender_read(&s, &in, MS(10)); /* the RTO is 60 */
    a = kedge_tftp_sender_write(&s, MS(10));
    kedge_tftp_sender_sent(&s, 9, 11, MS(10));
    a = kedge_tftp_sender_write(&s, MS(500));
    assert_true(a.todo == KEDGE_TFTP_BLOCKS && a.first == 11 && a.end == 17);
    kedge_tftp_sender_sent(&s, 11, 17, MS(500));
    assert_int_equal(kedge_tftp_sender_write(&s, MS(500)).todo, KEDGE_TFTP_WAIT);
    assert_true(s.half.deadline == MS(560));
    assert_true(s.half.resent == 0);
}

static void other_packets_change_nothing(void **state)
{
    struct kedge_tftp_sender s = sender(8, 1, true, 1000);
    struct kedge_tftp_packet in = data(1, SPAN("x"));
    struct sent out = { 0, 0 };

    (void)state;
    pump(&s, 0, &out);
    kedge_tftp_sender_read(&s, &in, MS(1));
    in.op = KEDGE_TFTP_OACK;
    kedge_tftp_sender_read(&s, &in, MS(1));
    assert_true(s.half.base == 1 && s.half.outcome == KEDGE_TFTP_RUNNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_10_the_last_block_leaves_four_times_then_it_is_unconfirmed),
        cmocka_unit_test(rule_10_who_still_asks_gets_the_last_block_for_30_seconds),
        cmocka_unit_test(the_last_block_is_given_longer),
        cmocka_unit_test(a_client_waits_longer_for_the_last_ack),
        cmocka_unit_test(rule_7_an_unproved_peer_gets_one_repeat_by_the_timer),
        cmocka_unit_test(rule_7_an_oack_is_repeated_after_5_s_only),
        cmocka_unit_test(rule_7_an_oack_waits_for_the_timeout_that_was_asked),
        cmocka_unit_test(rule_7_after_ack_0_the_oack_never_leaves_again),
        cmocka_unit_test(rule_6_the_same_request_gets_the_first_reply_again),
        cmocka_unit_test(an_ack_of_nothing_sent_proves_nothing),
        cmocka_unit_test(rule_10_error_0_after_the_last_block_is_success),
        cmocka_unit_test(an_error_before_that_is_an_abort),
        cmocka_unit_test(deaf_to_errors_until_its_own_can_come),
        cmocka_unit_test(rule_1_any_size),
        cmocka_unit_test(the_end_may_be_known_late),
        cmocka_unit_test(what_did_not_leave_is_asked_for_again),
        cmocka_unit_test(a_window_that_has_not_left_whole_is_not_sent_again),
        cmocka_unit_test(other_packets_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
