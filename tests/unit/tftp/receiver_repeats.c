/* SPDX-License-Identifier: MIT */
/* Tests of the receiving side in lock-step: what brings an ACK again, and what never does. */
#include "receiving.h"

static void rule_3_a_duplicate_brings_the_ack_again(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 20, DATA, 2, STORE | REPLY, 2, RUN },
        { 20, DATA, 2, 0, 0, RUN },     /* a copy made by the network: no second ACK */
        { 80, DATA, 2, REPLY, 2, RUN }, /* our ACK was lost */
        { 80, DATA, 2, 0, 0, RUN },
        { 81, DATA, 2, 0, 0, RUN },
        { 90, DATA, 3, STORE | REPLY, 3, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.half.resent == 1 && r.half.duplicates == 4);
}

/* In lock-step nobody needs the ACK of another block again, and lwIP ends its put over it. */
static void rule_3_other_blocks_bring_no_ack_in_lock_step(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 20, DATA, 2, STORE | REPLY, 2, RUN },
        { 100, DATA, 1, 0, 0, RUN },
        { 200, DATA, 4, 0, 0, RUN },
        { 300, DATA, 0, 0, 0, RUN },
        { 400, DATA, 65535, 0, 0, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void rule_3_after_a_second_of_silence_the_ack_is_repeated(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 1009, TIME, 0, 0, 0, RUN },
        { 1010, TIME, 0, REPLY, 1, RUN },
        { 3009, TIME, 0, 0, 0, RUN },
        { 3010, TIME, 0, REPLY, 1, RUN },
        { 7010, TIME, 0, REPLY, 1, RUN },
        { 12010, TIME, 0, REPLY, 1, RUN },
        { 17010, TIME, 0, REPLY, 1, RUN }, /* every 5 s at most */
        { 17020, DATA, 2, STORE | REPLY, 2, RUN },
        { 18019, TIME, 0, 0, 0, RUN },
        { 18020, TIME, 0, REPLY, 2, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
    assert_true(r.half.resent == 6);
}

static void rule_3_or_after_the_negotiated_timeout(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },     { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 7009, TIME, 0, 0, 0, RUN },      { 7010, TIME, 0, REPLY, 1, RUN },
        { 14010, TIME, 0, REPLY, 1, RUN },
    };
    struct kedge_tftp_terms terms = { .blksize = BLKSIZE, .window = 1 };
    struct kedge_tftp_receiver r;

    (void)state;
    terms.timeout = 7 * KEDGE_SEC;
    kedge_tftp_receiver_init(&r, &terms, true, 0, 0);
    PLAY(&r, script);
}

static void rule_3_it_gives_up_after_30_s_without_progress(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 10, DATA, 1, STORE | REPLY, 1, RUN },
        { 30010, TIME, 0, REPLY | TWICE, 1, KEDGE_TFTP_TIMEOUT },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void rule_7_an_unproved_peer_gets_one_repeat_by_the_timer(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 4999, TIME, 0, 0, 0, RUN },
        { 5000, TIME, 0, REPLY, 0, RUN },
        { 29999, TIME, 0, 0, 0, RUN },
        { 30000, TIME, 0, 0, 0, KEDGE_TFTP_TIMEOUT },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

static void rule_6_the_same_request_gets_the_first_reply_again(void **state)
{
    static const struct line script[] = {
        { 0, TIME, 0, REPLY, 0, RUN },
        { 4000, AGAIN, 0, REPLY, 0, RUN },
        { 8000, AGAIN, 0, REPLY, 0, RUN }, /* Cisco */
        { 8010, DATA, 1, STORE | REPLY, 1, RUN },
        { 8020, AGAIN, 0, 0, 0, RUN },
    };
    struct kedge_tftp_receiver r = receiver(1, true);

    (void)state;
    PLAY(&r, script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_3_a_duplicate_brings_the_ack_again),
        cmocka_unit_test(rule_3_other_blocks_bring_no_ack_in_lock_step),
        cmocka_unit_test(rule_3_after_a_second_of_silence_the_ack_is_repeated),
        cmocka_unit_test(rule_3_or_after_the_negotiated_timeout),
        cmocka_unit_test(rule_3_it_gives_up_after_30_s_without_progress),
        cmocka_unit_test(rule_7_an_unproved_peer_gets_one_repeat_by_the_timer),
        cmocka_unit_test(rule_6_the_same_request_gets_the_first_reply_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
