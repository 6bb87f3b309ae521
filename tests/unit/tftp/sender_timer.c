/* SPDX-License-Identifier: MIT */
/* Tests of the sending side: when the timer sends again and gives up, and which ACKs are a
 * round trip to set it by. */
#include "script.h"

static void rule_3_the_timer_sends_the_whole_window_again(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 10, ACK, 0, 1, 5, RUN },
        { 69, TIME, 0, 0, 0, RUN }, /* the RTO is 60 */
        { 70, TIME, 0, 1, 2, RUN }, /* U-Boot said nothing: block 1 was lost */
        { 100, TIME, 0, 2, 5, RUN },
        { 197, TIME, 0, 0, 0, RUN }, /* doubled: 120 after the last of them */
        { 198, TIME, 0, 1, 2, RUN },
    };
    struct kedge_tftp_sender s = sender(4, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.resent == 5);
}

/* Blocks in the order in which they leave without any further ACK, for so long. */
static unsigned left_in_silence(struct kedge_tftp_sender *s, kedge_nanos end,
                                uint64_t *blocks, unsigned room)
{
    unsigned count = 0;

    while (s->half.deadline < end) {
        struct sent sent = { 0, 0 };

        pump(s, s->half.deadline, &sent);
        for (uint64_t b = sent.first; b < sent.end && count < room; b++)
            blocks[count++] = b;
    }
    return count;
}

/* A forged ACK bought the window about ten times. */
static void rule_7_a_window_is_repeated_twice_then_single_blocks(void **state)
{
    static const uint64_t want[] = { 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 4, 1, 4 };
    struct kedge_tftp_sender s = sender(4, 0, false, 1000);
    struct sent sent = { 0, 0 };
    uint64_t blocks[40];
    unsigned count;

    (void)state;
    pump(&s, 0, &sent);
    tell(&s, &(struct line){ .event = ACK, .number = 0 }, MS(10));
    count = left_in_silence(&s, MS(30011), blocks, COUNT(blocks));
    assert_int_equal(s.half.outcome, KEDGE_TFTP_TIMEOUT);
    assert_in_range(count, COUNT(want), 24);
    for (unsigned i = 0; i < COUNT(want); i++)
        if (blocks[i] != want[i])
            fail_msg("place %u: block %llu", i, (unsigned long long)blocks[i]);
    while (count > COUNT(want))
        assert_true(blocks[--count] % 3 == 1);
}

/* Nor does a gap that is told again and again: each mending is a repeat. */
static void rule_7_acks_that_repeat_themselves_buy_no_more(void **state)
{
    struct kedge_tftp_sender s = sender(64, 0, false, 100000);
    struct sent sent = { 0, 0 };
    uint64_t left = 0;

    (void)state;
    pump(&s, 0, &sent);
    tell(&s, &(struct line){ .event = ACK, .number = 0 }, MS(10));
    for (unsigned at = 10; at < 29000; at += 5) {
        tell(&s, &(struct line){ .event = ACK, .number = 0 }, MS(at));
        sent = (struct sent){ 0, 0 };
        pump(&s, MS(at), &sent);
        left += sent.end - sent.first;
    }
    assert_in_range(left, 64 + 10, 3 * 64 + 40);
}

/* One new block, and the next window may leave as the first did. */
static void rule_7_a_new_ack_ends_the_single_blocks(void **state)
{
    struct kedge_tftp_sender s = sender(4, 0, false, 1000);
    struct sent sent = { 0, 0 };
    uint64_t blocks[40];

    (void)state;
    pump(&s, 0, &sent);
    tell(&s, &(struct line){ .event = ACK, .number = 0 }, MS(10));
    while (s.rewinds < 3)
        (void)left_in_silence(&s, s.half.deadline + 1, blocks, COUNT(blocks));
    tell(&s, &(struct line){ .event = ACK, .number = 1 }, s.half.deadline - MS(1));
    assert_int_equal(left_in_silence(&s, s.half.deadline + MS(200), blocks, 4), 4);
    assert_true(blocks[0] == 2 && blocks[3] == 5);
}

static void rule_3_the_rto_doubles_up_to_the_timeout(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },
        { 10, ACK, 1, 2, 3, RUN },
        { 69, TIME, 0, 0, 0, RUN },
        { 70, TIME, 0, 2, 3, RUN },
        { 189, TIME, 0, 0, 0, RUN },
        { 190, TIME, 0, 2, 3, RUN },
        { 429, TIME, 0, 0, 0, RUN },
        { 430, TIME, 0, 2, 3, RUN },
        { 910, TIME, 0, 2, 3, RUN },
        { 1870, TIME, 0, 2, 3, RUN },
        { 2869, TIME, 0, 0, 0, RUN },
        { 2870, TIME, 0, 2, 3, RUN }, /* the negotiated second is the most */
        { 3870, TIME, 0, 2, 3, RUN },
    };
    struct kedge_tftp_terms terms = { .blksize = 512, .window = 1, .timeout = KEDGE_SEC };
    struct kedge_tftp_sender s;

    (void)state;
    kedge_tftp_sender_init(&s, &terms, 1, true, 0);
    PLAY(&s, script);
}

/* Karn: with a round trip of 300 and an RTO of 60, an ACK that may be of either send says
 * nothing; with the doubled time kept, the next block leaves once and tells. */
static void rule_3_a_link_that_grew_slow_is_measured_again(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },
        { 10, ACK, 1, 2, 3, RUN },
        { 70, TIME, 0, 2, 3, RUN },
        { 190, TIME, 0, 2, 3, RUN },
        { 310, ACK, 2, 3, 4, RUN }, /* of the first send; 120 after the last */
        { 370, ACK, 2, 0, 0, RUN },
        { 490, ACK, 2, 0, 0, RUN },
        { 549, TIME, 0, 0, 0, RUN }, /* 240 */
        { 550, TIME, 0, 3, 4, RUN },
        { 610, ACK, 3, 4, 5, RUN },
        { 1000, TIME, 0, 0, 0, RUN },
        { 1010, ACK, 4, 5, 6, RUN }, /* 480 were enough: measured */
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(kedge_tftp_rto(&s.half.rtt) > MS(300));
}

static void rule_3_an_early_ack_after_a_resend_is_a_sample(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },
        { 10, ACK, 1, 2, 3, RUN },
        { 70, TIME, 0, 2, 3, RUN }, /* not lost: the peer writes its flash */
        { 74, ACK, 2, 3, 4, RUN },  /* 4 after the resend; round trips are about 10 */
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.smoothed > MS(10)); /* 64 counted */
    assert_int_equal(s.half.rtt.doubled, 0);
    assert_true(kedge_tftp_rto(&s.half.rtt) > MS(60));
}

/* In lock-step block 1 leaves at 10 ms and, by the timer, at 70; then come so many ACKs. */
static unsigned late_of(unsigned at_ms, unsigned acks)
{
    struct kedge_tftp_sender s = sender(1, 0, false, 1000);
    struct kedge_tftp_packet in = ack(0);
    struct sent sent = { 0, 0 };

    pump(&s, 0, &sent);
    kedge_tftp_sender_read(&s, &in, MS(10));
    sent = (struct sent){ 0, 0 };
    pump(&s, MS(10), &sent);
    sent = (struct sent){ 0, 0 };
    pump(&s, MS(70), &sent);
    assert_true(sent.first == 1 && s.half.resent == 1);
    in = ack(1);
    for (unsigned i = 0; i < acks; i++)
        kedge_tftp_sender_read(&s, &in, MS(at_ms + i));
    return s.half.rtt.late;
}

static void rule_3_who_was_only_late_is_waited_for_longer(void **state)
{
    (void)state;
    assert_int_equal(late_of(80, 1), 0); /* a round trip: block 1 was lost */
    assert_int_equal(late_of(80, 2), 1); /* both have come, and nothing was lost */
    assert_int_equal(late_of(72, 1), 1); /* it answers the first one */
    assert_int_equal(late_of(72, 2), 1); /* both answers, of one block */
    assert_int_equal(late_of(72, 3), 1);
    assert_int_equal(late_of(85, 1), 0); /* hardly later than a round trip */
    assert_int_equal(late_of(86, 1), 1);
}

/* What was sent again for a gap was no timer's. */
static void rule_3_an_early_ack_after_a_gap_says_nothing_of_the_rto(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 3, RUN },  { 10, ACK, 2, 3, 5, RUN },
        { 21, ACK, 2, 3, 4, RUN }, /* a gap, it seems: what it lacks was only slow */
        { 22, TIME, 0, 4, 5, RUN }, { 23, ACK, 4, 5, 7, RUN },
    };
    struct kedge_tftp_sender s = sender(2, 1, true, 1000);

    (void)state;
    PLAY(&s, script);
    assert_int_equal(s.half.rtt.late, 0);
}

/* Round trips differ: one a little shorter than all before is no answer to the first. */

static void rule_3_an_ack_a_little_early_after_a_resend_is_none(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },
        { 10, ACK, 1, 2, 3, RUN },
        { 70, TIME, 0, 2, 3, RUN },
        { 79, ACK, 2, 3, 4, RUN },
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.smoothed == MS(10));
}

static void rule_3_nor_is_one_after_three_sends(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },  { 10, ACK, 1, 2, 3, RUN },
        { 70, TIME, 0, 2, 3, RUN }, { 190, TIME, 0, 2, 3, RUN },
        { 194, ACK, 2, 3, 4, RUN }, /* 124 or 184? */
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.smoothed == MS(10));
}

static void rule_3_an_ack_a_round_trip_after_a_resend_is_none(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },
        { 10, ACK, 1, 2, 3, RUN },
        { 70, TIME, 0, 2, 3, RUN },
        { 80, ACK, 2, 3, 4, RUN },
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.smoothed == MS(10));
}

/* Rule 3: within a spaced window an ACK tells of a gap, when the next block has come. That
 * is no round trip. */
static void rule_3_the_spacing_is_no_part_of_a_round_trip(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },    { 10, ACK, 0, 1, 9, RUN },
        { 21, ACK, 2, 3, 4, RUN },    { 59, TIME, 0, 4, 11, RUN },
        { 60, ACK, 9, 0, 0, RUN }, /* block 9 left once, 35 ago */
        { 61, TIME, 0, 10, 11, RUN },
    };
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.smoothed == (7 * MS(10) + MS(11)) / 8);
}

/* The peer's first ACK was lost, and it said it again after its timeout. And when the timer
 * has sent a window again, its first ACK is a sample, for there is no other. */
static void rule_3_the_peers_own_timeout_is_no_round_trip(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },   { 1020, ACK, 0, 1, 5, RUN },
        { 1040, ACK, 0, 0, 0, RUN }, { 2020, TIME, 0, 1, 2, RUN },
        { 2040, ACK, 2, 2, 6, RUN },
    };
    struct kedge_tftp_sender s = sender(4, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.smoothed > MS(18) && s.half.rtt.smoothed <= MS(20));
}

/* The first ACK was late, for one was lost. What is less is known better. */
static void rule_3_less_than_believed_is_a_sample(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 200, ACK, 0, 1, 9, RUN },
        { 205, ACK, 4, 5, 6, RUN },
    };
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.smoothed == MS(5) && s.half.rtt.smallest == MS(5));
}

/* Also where part of the window had left before: its new blocks left once. */
static void rule_2_new_blocks_beside_old_ones_are_a_sample(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },   { 160, ACK, 0, 1, 5, RUN },
        { 320, ACK, 2, 3, 4, RUN }, /* 3 and 4 again, then 5 and 6; 10 apart */
        { 399, TIME, 0, 4, 7, RUN }, { 510, ACK, 6, 7, 8, RUN },
    };
    struct kedge_tftp_sender s = sender(4, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.variation < MS(80)); /* a second sample has come in */
    assert_true(s.half.rtt.smoothed == MS(160));
    assert_true(s.half.resent == 2);
}

static void rule_3_it_gives_up_after_30_s_without_progress(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 1, 2, RUN },
        { 10, ACK, 1, 2, 3, RUN },
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 1000);

    (void)state;
    PLAY(&s, script);
    while (s.half.outcome == KEDGE_TFTP_RUNNING) {
        struct sent out = { 0, 0 };
        kedge_nanos at = s.half.deadline;

        assert_true(at <= MS(30010));
        pump(&s, at, &out);
        assert_int_equal(s.half.outcome, at < MS(30010) ? RUN : KEDGE_TFTP_TIMEOUT);
    }
    assert_true(s.half.resent > 8);
}

static void rule_3_a_long_timeout_gives_six_times_as_long(void **state)
{
    struct kedge_tftp_terms terms = { .blksize = 512,
                                      .window = 1,
                                      .timeout = 60 * KEDGE_SEC };
    struct kedge_tftp_sender s;

    (void)state;
    kedge_tftp_sender_init(&s, &terms, 1, true, 0);
    assert_true(s.half.give_up == 360 * KEDGE_SEC);
    terms.patience = KEDGE_SEC; /* the owner may want it sooner */
    kedge_tftp_sender_init(&s, &terms, 1, true, 0);
    assert_true(s.half.give_up == KEDGE_SEC);
}

/* The queues on the way are longer than the round trip that we know of: what the ACK says
 * of tells how long. */
static void rule_3_a_gap_told_late_is_a_sample(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 10, ACK, 0, 1, 9, RUN },
        { 60, ACK, 3, 4, 5, RUN },
    };
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.half.rtt.smoothed == MS(15)); /* 10 * 7/8 + 50 / 8 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_3_the_timer_sends_the_whole_window_again),
        cmocka_unit_test(rule_7_a_window_is_repeated_twice_then_single_blocks),
        cmocka_unit_test(rule_7_acks_that_repeat_themselves_buy_no_more),
        cmocka_unit_test(rule_7_a_new_ack_ends_the_single_blocks),
        cmocka_unit_test(rule_3_the_rto_doubles_up_to_the_timeout),
        cmocka_unit_test(rule_3_a_link_that_grew_slow_is_measured_again),
        cmocka_unit_test(rule_3_an_early_ack_after_a_resend_is_a_sample),
        cmocka_unit_test(rule_3_an_early_ack_after_a_gap_says_nothing_of_the_rto),
        cmocka_unit_test(rule_3_an_ack_a_little_early_after_a_resend_is_none),
        cmocka_unit_test(rule_3_who_was_only_late_is_waited_for_longer),
        cmocka_unit_test(rule_3_nor_is_one_after_three_sends),
        cmocka_unit_test(rule_3_an_ack_a_round_trip_after_a_resend_is_none),
        cmocka_unit_test(rule_3_the_spacing_is_no_part_of_a_round_trip),
        cmocka_unit_test(rule_3_the_peers_own_timeout_is_no_round_trip),
        cmocka_unit_test(rule_3_less_than_believed_is_a_sample),
        cmocka_unit_test(rule_2_new_blocks_beside_old_ones_are_a_sample),
        cmocka_unit_test(rule_3_it_gives_up_after_30_s_without_progress),
        cmocka_unit_test(rule_3_a_long_timeout_gives_six_times_as_long),
        cmocka_unit_test(rule_3_a_gap_told_late_is_a_sample),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
