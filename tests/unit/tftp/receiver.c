/* SPDX-License-Identifier: MIT */
/* Tests of the receiving side: what is stored, when it is kept, and how it ends. */
#include "receiving.h"

static void lock_step(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },          { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 20, DATA, 2, STORE | REPLY, 2, RUN }, { 30, SHORT, 3, STORE | COMMIT, 0, RUN },
        { 90, KEPT, 0, REPLY, 3, RUN },         { 91, TIME, 0, 0, 0, RUN },
        { 10090, TIME, 0, 0, 0, DONE },         { 10091, SHORT, 3, 0, 0, DONE },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.bytes == 2 * BLKSIZE + 5);
    assert_true(r.half.resent == 0 && r.half.duplicates == 0);
    assert_true(r.half.rtt.smallest == MS(10));
}

static void an_empty_file(void **state)
{
    struct kedge_tftp_packet in = data(1, SPAN(""));
    struct kedge_tftp_receiver r = receiver(1, false);

    (void)state;
    assert_int_equal(kedge_tftp_receiver_write(&r, 0).todo, KEDGE_TFTP_WAIT);
    assert_true(kedge_tftp_receiver_read(&r, &in, MS(1)));
    assert_int_equal(kedge_tftp_receiver_write(&r, MS(1)).todo, KEDGE_TFTP_COMMIT);
    assert_true(r.bytes == 0);
}

static void rule_9_the_last_ack_leaves_after_the_commit(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },     { 10, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 70, SHORT, 1, 0, 0, RUN }, /* it asks, yet nothing is kept: no answer */
        { 2000, SHORT, 1, 0, 0, RUN },     { 60000, TIME, 0, 0, 0, RUN },
        { 60001, KEPT, 0, REPLY, 1, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void while_it_is_kept_nothing_the_peer_says_matters(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN }, { 10, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 20, ERROR, 5, 0, 0, RUN },   { 30, KEPT, 0, REPLY, 1, RUN },
        { 40, ERROR, 5, 0, 0, DONE }, /* and then it says that it needs no more */
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

/* Kept twice, and kept after all is over: only the first time it is news. */
static void kept_without_a_commit_is_nothing(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, KEPT, 0, 0, 0, RUN },
        { 20, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 30, KEPT, 0, REPLY, 1, RUN },
        { 40, KEPT, 0, 0, 0, RUN },
        { 10030, TIME, 0, 0, 0, DONE },
        { 10040, KEPT, 0, 0, 0, DONE },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void rule_10_a_receiver_dallies_to_repeat_its_last_ack(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },     { 10, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 20, KEPT, 0, REPLY, 1, RUN },    { 70, SHORT, 1, REPLY, 1, RUN },
        { 5000, SHORT, 1, REPLY, 1, RUN }, { 10019, TIME, 0, 0, 0, RUN },
        { 10020, TIME, 0, 0, 0, DONE },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.half.resent == 2);
}

static void without_lingering_it_is_over_with_the_last_ack(void **state)
{
    static const struct line script[] = {
        { 10, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 20, KEPT, 0, REPLY, 1, DONE },
    };
    struct kedge_tftp_receiver r = receiver(1, false);

    (void)state;
    r.linger = 0;
    PLAY(&r, script);
}

static void what_is_too_long_is_not_stored(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, LONG, 1, 0, 0, RUN },
        { 20, DATA, 1, STORE | REPLY, 1, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

/* An upload numbered from 0 would be kept without its first block. */
static void a_block_0_is_the_end(void **state)
{
    static const struct line first[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 0, REFUSE, 0, KEDGE_TFTP_FAILED },
        { 20, DATA, 1, 0, 0, KEDGE_TFTP_FAILED },
    };
    static const struct line late[] = {
        { 10, SHORT, 1, STORE | COMMIT, 0, RUN },
        { 11, DATA, 0, 0, 0, RUN }, /* all has come: nothing it says can matter */
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, first);
    assert_int_equal(r.half.code, KEDGE_TFTP_ILLEGAL);
    r = receiver(1, false);
    PLAY(&r, late);
}

static void an_error_is_an_abort(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 20, ERROR, 3, 0, 0, KEDGE_TFTP_ABORTED },
        { 21, DATA, 2, 0, 0, KEDGE_TFTP_ABORTED },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_int_equal(r.half.code, 3);
}

static void deaf_until_its_own_data_can_come(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 4, DATA, 1, 0, 0, RUN },
        { 5, DATA, 1, STORE | REPLY, 1, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    r.half.terms.ignore_before = MS(5);
    PLAY(&r, script);
}

/* Any number of blocks, in windows, both ways of wrapping; each stored once. */
static void rule_1_any_size(void **state)
{
    (void)state;
    for (uint32_t rollover = 0; rollover <= 1; rollover++) {
        struct kedge_tftp_receiver r = receiver(7, false);

        r.half.terms.rollover = rollover;
        for (uint64_t b = 1; b <= 140000; b++) {
            struct kedge_tftp_packet in =
                data(kedge_tftp_wire(b, rollover), (struct kedge_span){ block, BLKSIZE });
            struct kedge_tftp_action a;

            assert_true(kedge_tftp_receiver_read(&r, &in, b));
            assert_false(kedge_tftp_receiver_read(&r, &in, b));
            a = kedge_tftp_receiver_write(&r, b);
            assert_int_equal(a.todo, b % 7 ? KEDGE_TFTP_WAIT : KEDGE_TFTP_REPLY);
            assert_true(b % 7 || a.first == b);
        }
        assert_true(r.bytes == 140000ULL * BLKSIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_step),
        cmocka_unit_test(an_empty_file),
        cmocka_unit_test(rule_9_the_last_ack_leaves_after_the_commit),
        cmocka_unit_test(while_it_is_kept_nothing_the_peer_says_matters),
        cmocka_unit_test(kept_without_a_commit_is_nothing),
        cmocka_unit_test(rule_10_a_receiver_dallies_to_repeat_its_last_ack),
        cmocka_unit_test(without_lingering_it_is_over_with_the_last_ack),
        cmocka_unit_test(what_is_too_long_is_not_stored),
        cmocka_unit_test(a_block_0_is_the_end),
        cmocka_unit_test(an_error_is_an_abort),
        cmocka_unit_test(deaf_until_its_own_data_can_come),
        cmocka_unit_test(rule_1_any_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
