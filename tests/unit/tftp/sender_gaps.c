/* SPDX-License-Identifier: MIT */
/* Tests of the sending side: which ACK tells of a lost block, and what leaves again for it. */
#include "script.h"

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
    assert_true(s.half.rtt.doubled == 0); /* it was no expiry */
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
    assert_true(s.half.resent == 0);
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
    assert_true(s.half.rtt.smoothed == MS(25));
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
    assert_true(s.half.resent == 0);
    assert_int_equal(sent, 16);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_2_a_gap_is_mended_once_in_a_round_trip),
        cmocka_unit_test(rule_2_a_gap_told_too_soon_is_mended_soon),
        cmocka_unit_test(rule_2_an_ack_that_crossed_the_window_is_no_gap),
        cmocka_unit_test(rule_2_answers_to_copies_are_no_gaps),
        cmocka_unit_test(rule_2_a_second_ack_0_is_no_gap),
        cmocka_unit_test(rule_2_acks_of_each_block_cost_no_window_each),
        cmocka_unit_test(rule_2_a_queue_is_no_gap),
        cmocka_unit_test(rule_2_a_leap_is_a_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
