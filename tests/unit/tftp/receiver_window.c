/* SPDX-License-Identifier: MIT */
/* Tests of the receiving side with a window: one ACK for all its blocks, and one for a gap. */
#include "receiving.h"

static void a_window_is_acknowledged_once(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE, 0, RUN },
        { 11, DATA, 2, STORE, 0, RUN },
        { 12, DATA, 3, STORE, 0, RUN },
        { 13, DATA, 4, STORE | REPLY, 4, RUN },
        { 23, DATA, 5, STORE, 0, RUN },
        { 24, SHORT, 6, STORE | COMMIT, 0, RUN },
        { 25, KEPT, 0, REPLY, 6, RUN },
    };
    struct kedge_tftp_receiver r = receiver(4, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.half.resent == 0);
    assert_true(r.half.rtt.smallest ==
                MS(10)); /* from an ACK to the first block after it */
}

static void a_gap_is_told_at_once_and_once(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE, 0, RUN },
        { 10, DATA, 3, REPLY, 1, RUN }, /* 2 was lost */
        { 10, DATA, 4, 0, 0, RUN },
        { 11, DATA, 5, 0, 0, RUN },
        { 12, DATA, 8, 0, 0, RUN },
        { 20, DATA, 2, STORE, 0, RUN },
        { 20, DATA, 3, STORE, 0, RUN },
        { 21, DATA, 4, STORE, 0, RUN },
        { 21, DATA, 5, STORE, 0, RUN },
        { 21, DATA, 6, STORE, 0, RUN },
        { 21, DATA, 7, STORE, 0, RUN },
        { 21, DATA, 8, STORE, 0, RUN },
        { 22, DATA, 9, STORE | REPLY, 9, RUN }, /* eight since the last ACK */
    };
    struct kedge_tftp_receiver r = receiver(8, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.half.resent == 1);
}

/* The first block of a window is lost: its others come a round trip after our ACK, while
 * those of the window before came at once. */
static void a_lost_first_block_is_told_too(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },          { 10, DATA, 1, STORE, 0, RUN },
        { 10, DATA, 2, STORE | REPLY, 2, RUN }, { 11, DATA, 4, 0, 0, RUN },
        { 20, DATA, 4, REPLY, 2, RUN },         { 30, DATA, 3, STORE, 0, RUN },
    };
    struct kedge_tftp_receiver r = receiver(2, true);

    (void)state;
    PLAY(&r, script);
}

/* A window that is sent again brings one ACK, by its last block; one for each would bring
 * windows without end. */
static void rule_2_a_window_of_copies_brings_one_ack(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },   { 10, DATA, 1, STORE, 0, RUN },
        { 10, DATA, 2, STORE, 0, RUN },  { 10, DATA, 3, STORE | REPLY, 3, RUN },
        { 80, DATA, 1, 0, 0, RUN },      { 90, DATA, 2, 0, 0, RUN },
        { 100, DATA, 3, REPLY, 3, RUN },
    };
    struct kedge_tftp_receiver r = receiver(3, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.half.duplicates == 3);
}

/* While blocks come there is no silence, however long a window takes. */
static void a_slow_window_is_no_silence(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },   { 10, DATA, 1, STORE, 0, RUN },
        { 110, DATA, 2, STORE, 0, RUN }, { 210, DATA, 3, STORE, 0, RUN },
        { 310, DATA, 4, STORE, 0, RUN }, { 429, TIME, 0, 0, 0, RUN },
        { 430, TIME, 0, REPLY, 4, RUN },
    };
    struct kedge_tftp_receiver r = receiver(8, true);

    (void)state;
    PLAY(&r, script);
}

static void in_windows_the_round_trip_tells_a_silence(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },          { 10, DATA, 1, STORE, 0, RUN },
        { 10, DATA, 2, STORE | REPLY, 2, RUN }, { 129, TIME, 0, 0, 0, RUN },
        { 130, TIME, 0, REPLY, 2, RUN }, /* two RTOs of 60 */
    };
    struct kedge_tftp_receiver r = receiver(2, true);

    (void)state;
    PLAY(&r, script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_acknowledged_once),
        cmocka_unit_test(a_gap_is_told_at_once_and_once),
        cmocka_unit_test(a_lost_first_block_is_told_too),
        cmocka_unit_test(rule_2_a_window_of_copies_brings_one_ack),
        cmocka_unit_test(a_slow_window_is_no_silence),
        cmocka_unit_test(in_windows_the_round_trip_tells_a_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
