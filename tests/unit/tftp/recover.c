/* SPDX-License-Identifier: MIT */
/* Tests of what a client tries next (rule 13). */
#include "help.h"

#include "tftp/recover.h"

static const struct kedge_tftp_options defaults = {
    .has = KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_TSIZE | KEDGE_TFTP_HAS_WINDOWSIZE,
    .blksize = 1468,
    .windowsize = 32,
};

static struct tftp_recovery recovery(void)
{
    struct tftp_recovery r;

    tftp_recovery_init(&r, &defaults);
    return r;
}

static struct kedge_tftp_client refused(uint16_t code)
{
    return (struct kedge_tftp_client){ .outcome = KEDGE_TFTP_REFUSED, .code = code };
}

/* A get that waited for this block in vain. */
static struct kedge_tftp_client stalled_at(uint64_t block)
{
    struct kedge_tftp_client c = { .answered = true };

    c.machine.receiver.half.base = block;
    c.machine.receiver.half.outcome = KEDGE_TFTP_TIMEOUT;
    c.machine.receiver.half.gone_at = KEDGE_NEVER;
    return c;
}

static bool next(struct tftp_recovery *r, struct kedge_tftp_client c)
{
    return tftp_recovery_next(r, &c);
}

static void rule_13_refused_options_bring_a_plain_request(void **state)
{
    (void)state;
    for (uint16_t code = 0; code <= 9; code++) {
        struct tftp_recovery r = recovery();
        bool again = next(&r, refused(code));

        assert_int_equal(again, code == 0 || code == 4 || code == 8);
        assert_int_equal(r.plain, again);
        if (!again)
            continue;
        assert_int_equal(r.asked.has, 0);
        assert_non_null(r.why);
        assert_false(next(&r, refused(code))); /* plain, and refused still */
    }
}

static void rule_13_an_unfit_oack_brings_a_plain_request(void **state)
{
    struct tftp_recovery r = recovery();
    struct kedge_tftp_client c = { .outcome = KEDGE_TFTP_FAILED, .code = 8 };

    (void)state;
    assert_true(next(&r, c));
    assert_int_equal(r.asked.has, 0);
}

static void rule_13_no_first_block_brings_smaller_blocks(void **state)
{
    struct tftp_recovery r = recovery();

    (void)state;
    assert_true(next(&r, stalled_at(1)));
    assert_int_equal(r.asked.blksize, 1228);
    assert_true(next(&r, stalled_at(1)));
    assert_int_equal(r.asked.blksize, 512);
    assert_int_equal(r.asked.windowsize, 32);
}

static void rule_13_two_stalls_at_a_block_bring_a_smaller_window(void **state)
{
    struct tftp_recovery r = recovery();

    (void)state;
    assert_true(next(&r, stalled_at(40)));
    assert_int_equal(r.asked.windowsize, 32);
    assert_true(next(&r, stalled_at(40)));
    assert_int_equal(r.asked.windowsize, 8);
    assert_true(next(&r, stalled_at(40)));
    assert_true(next(&r, stalled_at(40)));
    assert_int_equal(r.asked.windowsize, 1);
    assert_true(next(&r, stalled_at(40)));
    assert_false(next(&r, stalled_at(40))); /* nothing is left to try */
    assert_int_equal(r.asked.blksize, 1468);
}

static void stalls_elsewhere_do_not_add_up(void **state)
{
    struct tftp_recovery r = recovery();

    (void)state;
    assert_true(next(&r, stalled_at(40)));
    assert_true(next(&r, stalled_at(41)));
    assert_true(next(&r, stalled_at(90)));
    assert_int_equal(r.asked.windowsize, 32);
}

static void a_put_counts_its_own_block(void **state)
{
    struct tftp_recovery r = recovery();
    struct kedge_tftp_client c = { .answered = true };

    (void)state;
    c.machine.sends = true;
    c.machine.sender.half.base = 1;
    c.machine.sender.half.outcome = KEDGE_TFTP_TIMEOUT;
    c.machine.sender.half.gone_at = KEDGE_NEVER;
    assert_true(next(&r, c));
    assert_int_equal(r.asked.blksize, 1228);
}

static void other_failures_are_final(void **state)
{
    static const enum kedge_tftp_outcome final[] = { KEDGE_TFTP_ABORTED,
                                                     KEDGE_TFTP_FAILED,
                                                     KEDGE_TFTP_UNCONFIRMED };
    struct tftp_recovery r = recovery();
    struct kedge_tftp_client silent = { .outcome = KEDGE_TFTP_TIMEOUT };

    (void)state;
    assert_false(next(&r, silent)); /* nobody answers: another question is no help */
    for (size_t i = 0; i < COUNT(final); i++) {
        struct kedge_tftp_client c = stalled_at(40);

        c.machine.receiver.half.outcome = final[i];
        r = recovery();
        assert_false(next(&r, c));
    }
}

/* Killed, or started again: also where no options were asked, and ever again. */
static void rule_13_a_server_that_went_away_is_asked_again(void **state)
{
    struct kedge_tftp_client get = stalled_at(40), put = { .answered = true };
    struct tftp_recovery r;

    (void)state;
    tftp_recovery_init(&r, &(struct kedge_tftp_options){ 0 });
    get.machine.receiver.half.outcome = KEDGE_TFTP_GONE;
    for (int i = 0; i < 2 * TFTP_ATTEMPTS_MAX; i++)
        assert_true(next(&r, get) && r.went_away);
    get.machine.receiver.half.outcome = KEDGE_TFTP_TIMEOUT;
    get.machine.receiver.half.gone_at =
        MS(1); /* ICMP has said so, and nothing came since */
    assert_true(next(&r, get) && r.went_away);
    put.machine.sends = true;
    put.machine.sender.half.outcome = KEDGE_TFTP_ABORTED;
    for (uint16_t code = 0; code <= 8; code++) {
        put.machine.sender.half.code = code;
        assert_int_equal(next(&r, put), code == KEDGE_TFTP_UNKNOWN_TID);
    }
    assert_false(r.went_away);
}

static void attempts_have_an_end(void **state)
{
    struct tftp_recovery r = recovery();
    unsigned attempts = 1;

    (void)state;
    while (next(&r, stalled_at(40 + attempts)))
        attempts++;
    assert_int_equal(attempts, TFTP_ATTEMPTS_MAX);
}

static void an_attempt_is_given_up_sooner_than_the_last(void **state)
{
    struct tftp_recovery r = recovery();

    (void)state;
    assert_true(tftp_recovery_patience(&r, 30 * KEDGE_SEC) == TFTP_STALL);
    assert_true(tftp_recovery_patience(&r, 3 * KEDGE_SEC) == KEDGE_SEC);
    r.asked.has = KEDGE_TFTP_HAS_TSIZE;
    assert_true(tftp_recovery_patience(&r, 30 * KEDGE_SEC) == 30 * KEDGE_SEC);
    r = recovery();
    r.attempts = TFTP_ATTEMPTS_MAX;
    assert_true(tftp_recovery_patience(&r, 30 * KEDGE_SEC) == 30 * KEDGE_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_13_refused_options_bring_a_plain_request),
        cmocka_unit_test(rule_13_an_unfit_oack_brings_a_plain_request),
        cmocka_unit_test(rule_13_no_first_block_brings_smaller_blocks),
        cmocka_unit_test(rule_13_two_stalls_at_a_block_bring_a_smaller_window),
        cmocka_unit_test(stalls_elsewhere_do_not_add_up),
        cmocka_unit_test(a_put_counts_its_own_block),
        cmocka_unit_test(other_failures_are_final),
        cmocka_unit_test(rule_13_a_server_that_went_away_is_asked_again),
        cmocka_unit_test(attempts_have_an_end),
        cmocka_unit_test(an_attempt_is_given_up_sooner_than_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
