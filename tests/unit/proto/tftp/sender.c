/* Tests of the sending side on its way: what leaves, what leaves again, and when. */
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
    assert_true(s.rtt.smallest == MS(10));
    assert_true(s.resent == 0 && s.duplicates == 0);
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
    assert_true(s.resent == 0 && s.duplicates == 7);
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
    assert_true(s.resent == 0);
}

static void rule_2_a_gap_is_mended_once_in_a_round_trip(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 10, ACK, 0, 1, 9, RUN },
        { 20, ACK, 2, 3, 4, RUN }, /* block 3 left 10 ago: again, spaced from here on */
        { 20, ACK, 2, 0, 0, RUN }, /* EDK2 says so eight times */
        { 21, ACK, 2, 4, 5, RUN },
        { 24, ACK, 2, 5, 10, RUN },
        { 29, ACK, 2, 10, 11, RUN }, /* less than a round trip after block 3 left again */
        { 30, ACK, 2, 3, 4, RUN },   /* a round trip after: now it must be lost again */
        { 41, ACK, 2, 4, 11, RUN },
        { 49, ACK, 2, 0, 0, RUN }, /* and now, only two of them after */
        { 50, ACK, 2, 3, 4, RUN },
    };
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
}

/* On a quick link the ACK that tells of a gap comes sooner than it can be believed. If no
 * other comes, it was right; the timer would say so much later (here at 74). */
static void rule_2_a_gap_told_too_soon_is_mended_soon(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },  { 10, ACK, 0, 1, 9, RUN },
        { 22, ACK, 8, 9, 17, RUN }, { 26, ACK, 10, 17, 19, RUN },
        { 50, TIME, 0, 0, 0, RUN }, { 51, TIME, 0, 11, 13, RUN },
    };
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.rtt.doubled == 0); /* it was no expiry */
}

/* The file was slow to read, and the peer said again what it had: it cannot speak of what had
 * not left. */
static void rule_2_an_ack_that_crossed_the_window_is_no_gap(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },    { 10, ACK, 0, 1, 9, RUN },
        { 20, ACK, 8, 9, 17, RUN },   { 25, ACK, 8, 0, 0, RUN },
        { 70, ACK, 16, 17, 25, RUN },
    };
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.resent == 0);
}

/* The ACK was lost, the window left again, and now each copy is answered (EDK2). Taken for
 * gaps, these answers would bring copies of the next window, and so on to the end. */
static void rule_2_answers_to_copies_are_no_gaps(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },
        { 10, ACK, 0, 1, 5, RUN },
        { 79, TIME, 0, 1, 5, RUN },
        { 80, ACK, 4, 5, 9, RUN },
        { 85, ACK, 4, 0, 0, RUN },
        { 90, ACK, 4, 0, 0, RUN },
        { 169, ACK, 4, 0, 0, RUN },
        { 171, ACK, 4, 5, 6, RUN }, /* no copy is on its way any more: a gap */
    };
    struct kedge_tftp_sender s = sender(4, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
}

/* The request came twice, so the OACK left twice and is acknowledged twice. */
static void rule_2_a_second_ack_0_is_no_gap(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN }, { 2, AGAIN, 0, 0, 1, RUN }, { 25, ACK, 0, 1, 5, RUN },
        { 27, ACK, 0, 0, 0, RUN }, { 50, ACK, 4, 5, 9, RUN },
    };
    struct kedge_tftp_sender s = sender(4, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(s.rtt.smoothed == MS(25));
}

static void rule_2_acks_of_each_block_cost_no_window_each(void **state)
{
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);
    static const struct line start[] = { { 0, TIME, 0, 0, 1, RUN },
                                         { 10, ACK, 0, 1, 9, RUN },
                                         { 22, ACK, 8, 9, 17, RUN } };
    uint64_t sent = 0;

    (void)state;
    PLAY(&s, start);
    for (uint16_t k = 9; k <= 24; k++) {
        struct kedge_tftp_packet in = ack(k);
        struct sent out = { 0, 0 };

        kedge_tftp_sender_read(&s, &in, MS(31) + k * 10 * KEDGE_USEC);
        pump(&s, MS(31) + k * 10 * KEDGE_USEC, &out);
        sent += out.end - out.first;
    }
    assert_true(s.resent == 0);
    assert_int_equal(sent, 16);
}

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
    assert_true(s.resent == 5);
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
        { 910, ACK, 4, 5, 6, RUN }, /* 480 were enough: measured */
    };
    struct kedge_tftp_sender s = sender(1, 1, true, 1000);

    (void)state;
    PLAY(&s, script);
    assert_true(kedge_tftp_rto(&s.rtt) > MS(300));
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
    assert_true(s.rtt.smoothed > MS(10)); /* 64 counted */
    assert_int_equal(s.rtt.doubled, 0);
    assert_true(kedge_tftp_rto(&s.rtt) > MS(60));
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
    assert_true(s.rtt.smoothed == MS(10));
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
    assert_true(s.rtt.smoothed == MS(10));
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
    assert_true(s.rtt.smoothed == MS(10));
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
    assert_true(s.rtt.smoothed == (7 * MS(10) + MS(11)) / 8);
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
    assert_true(s.rtt.smoothed > MS(18) && s.rtt.smoothed <= MS(20));
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
    assert_true(s.rtt.smoothed == MS(5) && s.rtt.smallest == MS(5));
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
    assert_true(s.rtt.variation < MS(80)); /* a second sample has come in */
    assert_true(s.rtt.smoothed == MS(160));
    assert_true(s.resent == 2);
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
    while (s.outcome == KEDGE_TFTP_RUNNING) {
        struct sent out = { 0, 0 };
        kedge_nanos at = s.deadline;

        assert_true(at <= MS(30010));
        pump(&s, at, &out);
        assert_int_equal(s.outcome, at < MS(30010) ? RUN : KEDGE_TFTP_TIMEOUT);
    }
    assert_true(s.resent > 8);
}

static void rule_3_a_long_timeout_gives_six_times_as_long(void **state)
{
    struct kedge_tftp_terms terms = { .blksize = 512,
                                      .window = 1,
                                      .timeout = 60 * KEDGE_SEC };
    struct kedge_tftp_sender s;

    (void)state;
    kedge_tftp_sender_init(&s, &terms, 1, true, 0);
    assert_true(s.give_up == 360 * KEDGE_SEC);
    terms.patience = KEDGE_SEC; /* the owner may want it sooner */
    kedge_tftp_sender_init(&s, &terms, 1, true, 0);
    assert_true(s.give_up == KEDGE_SEC);
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
    assert_true(s.deadline == MS(19) + MS(1) / 2);
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
            pump(&s, s.deadline, &out);
        in = ack((uint16_t)(acked += 8));
        kedge_tftp_sender_read(&s, &in, now = s.burst[0].until + MS(8));
        assert_true(s.spacing == was / 2 || (s.spacing == 0 && was < 40 * KEDGE_USEC));
        was = s.spacing;
        assert_true(acked < 200);
    }
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
    assert_true(s.rtt.smoothed == MS(15)); /* 10 * 7/8 + 50 / 8 */
}

/* What an ACK tells of has waited 10 ms in a queue. It is given time to empty, and what leaves
 * then is given as long. */
static void rule_2_a_queue_is_no_gap(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },  { 10, ACK, 0, 1, 9, RUN },
        { 30, ACK, 3, 4, 5, RUN },  { 59, TIME, 0, 5, 12, RUN },
        { 60, ACK, 4, 0, 0, RUN },  { 70, TIME, 0, 5, 6, RUN },
        { 85, ACK, 4, 6, 12, RUN }, { 89, ACK, 4, 12, 13, RUN },
        { 91, ACK, 4, 0, 0, RUN },  { 101, TIME, 0, 5, 6, RUN },
    };
    struct kedge_tftp_sender s = sender(8, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
}

/* A peer that acknowledges each block speaks again; one whose ACK leaps over many has met a
 * gap, and no round trip need pass. */
static void rule_2_a_leap_is_a_gap(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, 0, 1, RUN },     { 10, ACK, 0, 1, 65, RUN },
        { 34, ACK, 64, 65, 129, RUN }, { 45, ACK, 80, 0, 0, RUN },
        { 46, TIME, 0, 81, 82, RUN },
    };
    struct kedge_tftp_sender s = sender(64, 0, false, 1000);

    (void)state;
    PLAY(&s, script);
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
    assert_true(s.spacing >= s.rtt.smoothed / 20);
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
        assert_true(s.spacing <= kedge_tftp_rto(&s.rtt) / 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_step),
        cmocka_unit_test(rule_2_a_duplicate_ack_in_lock_step_sends_nothing),
        cmocka_unit_test(a_window_leaves_at_once_and_slides),
        cmocka_unit_test(rule_2_a_gap_is_mended_once_in_a_round_trip),
        cmocka_unit_test(rule_2_a_gap_told_too_soon_is_mended_soon),
        cmocka_unit_test(rule_2_an_ack_that_crossed_the_window_is_no_gap),
        cmocka_unit_test(rule_2_answers_to_copies_are_no_gaps),
        cmocka_unit_test(rule_2_a_second_ack_0_is_no_gap),
        cmocka_unit_test(rule_2_acks_of_each_block_cost_no_window_each),
        cmocka_unit_test(rule_3_the_timer_sends_the_whole_window_again),
        cmocka_unit_test(rule_3_the_rto_doubles_up_to_the_timeout),
        cmocka_unit_test(rule_3_a_link_that_grew_slow_is_measured_again),
        cmocka_unit_test(rule_3_an_early_ack_after_a_resend_is_a_sample),
        cmocka_unit_test(rule_3_an_ack_a_little_early_after_a_resend_is_none),
        cmocka_unit_test(rule_3_nor_is_one_after_three_sends),
        cmocka_unit_test(rule_3_an_ack_a_round_trip_after_a_resend_is_none),
        cmocka_unit_test(rule_3_the_spacing_is_no_part_of_a_round_trip),
        cmocka_unit_test(rule_3_the_peers_own_timeout_is_no_round_trip),
        cmocka_unit_test(rule_3_less_than_believed_is_a_sample),
        cmocka_unit_test(rule_2_new_blocks_beside_old_ones_are_a_sample),
        cmocka_unit_test(rule_3_it_gives_up_after_30_s_without_progress),
        cmocka_unit_test(rule_3_a_long_timeout_gives_six_times_as_long),
        cmocka_unit_test(rule_4_a_loss_spaces_the_window),
        cmocka_unit_test(rule_4_each_clean_window_halves_the_spacing),
        cmocka_unit_test(rule_3_a_gap_told_late_is_a_sample),
        cmocka_unit_test(rule_2_a_queue_is_no_gap),
        cmocka_unit_test(rule_2_a_leap_is_a_gap),
        cmocka_unit_test(rule_4_a_huge_window_is_spaced_too),
        cmocka_unit_test(rule_4_the_spacing_is_at_most_a_timeout_over_the_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
