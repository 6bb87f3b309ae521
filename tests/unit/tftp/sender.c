/* SPDX-License-Identifier: MIT */
/* Tests of the sending side on its way: what leaves, and how it is spaced after a loss. */
#include "script.h"

static void lock_step(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN }, /* the OACK */
        { 10, ACK, 0, 1, 2, RUN }, /* a round trip of 10: the RTO is 60 */
        { 20, ACK, 1, 2, 3, RUN },     { 30, ACK, 2, 3, 4, RUN },
        { 40, ACK, 3, 0, 0, DONE },    { 41, ACK, 3, 0, 0, DONE }, /* over stays over */
        { 9999, TIME, 0, 0, 0, DONE },
    };
    struct kedge_tftp_sender s = sender(1, 0, false, 3);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.smallest == MS(10));
    assert_true(s.half.resent == 0 && s.half.duplicates == 0);
}

static void rule_2_a_duplicate_ack_in_lock_step_sends_nothing(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },   { 10, ACK, 1, 2, 3, RUN }, { 11, ACK, 1, 0, 0, RUN },
        { 12, ACK, 1, 0, 0, RUN },   { 40, ACK, 1, 0, 0, RUN }, { 50, ACK, 2, 3, 4, RUN },
        { 51, ACK, 2, 0, 0, RUN },   { 52, ACK, 1, 0, 0, RUN }, { 53, ACK, 0, 0, 0, RUN },
        { 54, ACK, 500, 0, 0, RUN }, /* nor does one of a block that never left */
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 9);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.resent == 0 && s.half.duplicates == 7);
}

static void a_window_leaves_at_once_and_slides(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },   { 10, ACK, 0, 1, 9, RUN },
        { 20, ACK, 8, 9, 17, RUN },  { 30, ACK, 16, 17, 21, RUN },
        { 40, ACK, 20, 0, 0, DONE },
    };
    struct kedge_tftp_sender s = sender(8, 0, false, 20);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.resent == 0);
}

static void rule_4_a_loss_spaces_the_window(void **state)
{
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },   { 8, ACK, 0, 1, 9, RUN },
        { 16, ACK, 2, 3, 4, RUN }, /* half a millisecond apart */
        { 17, TIME, 0, 4, 6, RUN },  { 18, TIME, 0, 6, 8, RUN },
        { 19, TIME, 0, 8, 10, RUN },
    };

    (void)state;
    PLAY(&s, script);
    assert_true(s.spacing == MS(1) / 2);
    assert_true(s.half.deadline == MS(19) + MS(1) / 2);
}

static void rule_4_each_clean_window_halves_the_spacing(void **state)
{
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);
    static const struct line loss[] = { { 0, TIME, 0, 0, 1, RUN },
                                        { 8, ACK, 0, 1, 9, RUN },
                                        { 16, ACK, 0, 1, 2, RUN } };
    kedge_nanos now = MS(16);
    uint64_t acked = 0;
    kedge_nanos was = MS(1) / 2;

    (void)state;
    PLAY(&s, loss);
    assert_true(s.spacing == was);
    while (s.spacing > 0) {
        struct kedge_tftp_packet in;
        struct sent out = { 0, 0 };

        for (pump(&s, now, &out); s.next <= acked + 8;)
            pump(&s, s.half.deadline, &out);
        in = ack((uint16_t)(acked += 8));
        kedge_tftp_sender_read(&s, &in, now = s.burst[0].until + MS(8));
        assert_true(s.spacing == was / 2 || (s.spacing == 0 && was < 40 * KEDGE_USEC));
        was = s.spacing;
        assert_true(acked < 200);
    }
}

/* Its share of a round trip would let a window of 10,000 through in no time. */
static void rule_4_a_huge_window_is_spaced_too(void **state)
{
    struct kedge_tftp_sender s = sender(10000, 0, false, 100000);
    struct kedge_tftp_packet in = ack(0);
    struct sent out = { 0, 0 };

    (void)state;
    pump(&s, 0, &out);
    for (kedge_nanos now = MS(10); now < MS(4000); now += MS(10)) {
        struct kedge_tftp_action a;

        kedge_tftp_sender_read(&s, &in, now);
        while ((a = kedge_tftp_sender_write(&s, now)).todo == KEDGE_TFTP_BLOCKS)
            kedge_tftp_sender_sent(&s, a.first, a.end, now);
    }
    assert_true(s.spacing >= s.half.rtt.smoothed / 20);
}

static void rule_4_the_spacing_is_at_most_a_timeout_over_the_window(void **state)
{
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);
    static const struct line start[] = { { 0, TIME, 0, 0, 1, RUN },
                                         { 8, ACK, 0, 1, 9, RUN } };

    (void)state;
    PLAY(&s, start);
    for (kedge_nanos now = MS(9); now < MS(20000); now += MS(1)) {
        struct sent out = { 0, 0 };

        pump(&s, now, &out);
        assert_true(s.spacing <= kedge_tftp_rto(&s.half.rtt) / 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_step),
        cmocka_unit_test(rule_2_a_duplicate_ack_in_lock_step_sends_nothing),
        cmocka_unit_test(a_window_leaves_at_once_and_slides),
        cmocka_unit_test(rule_4_a_loss_spaces_the_window),
        cmocka_unit_test(rule_4_each_clean_window_halves_the_spacing),
        cmocka_unit_test(rule_4_a_huge_window_is_spaced_too),
        cmocka_unit_test(rule_4_the_spacing_is_at_most_a_timeout_over_the_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
