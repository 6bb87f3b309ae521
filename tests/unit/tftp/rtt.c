/* SPDX-License-Identifier: MIT */
/* Tests of measured time (rule 3): RTO = srtt + max(4 rttvar, 50 ms, two turns);
 * 20 ms once the round trip is well known. */
#include "help.h"

#include "tftp/rtt.h"

static struct kedge_tftp_rtt fresh(kedge_nanos timeout, kedge_nanos own_delay)
{
    struct kedge_tftp_rtt r;

    kedge_tftp_rtt_init(&r, timeout, own_delay);
    return r;
}

static void rule_3_the_first_rto_is_a_second_or_what_was_negotiated(void **state)
{
    struct kedge_tftp_rtt plain = fresh(0, 0);
    struct kedge_tftp_rtt quick = fresh(MS(20), 0);
    struct kedge_tftp_rtt slow = fresh(60 * KEDGE_SEC, 0);

    (void)state;
    assert_true(kedge_tftp_rto(&plain) == KEDGE_SEC);
    assert_true(kedge_tftp_rto(&quick) == MS(20));
    assert_true(kedge_tftp_rto(&slow) == KEDGE_SEC);
}

static void rule_3_a_sample_sets_the_rto(void **state)
{
    struct kedge_tftp_rtt r = fresh(0, 0);

    (void)state;
    kedge_tftp_rtt_sample(&r, MS(10)); /* 4 * 5 is less than 50 */
    assert_true(kedge_tftp_rto(&r) == MS(60));
    r = fresh(0, 0);
    kedge_tftp_rtt_sample(&r, MS(200)); /* 200 + 4 * 100 */
    assert_true(kedge_tftp_rto(&r) == MS(600));
}

static void rule_3_samples_are_smoothed(void **state)
{
    struct kedge_tftp_rtt r = fresh(0, 0);

    (void)state;
    kedge_tftp_rtt_sample(&r, MS(80));
    kedge_tftp_rtt_sample(&r, MS(160));
    assert_true(r.smoothed == MS(90));  /* 80 * 7/8 + 160 / 8 */
    assert_true(r.variation == MS(50)); /* 40 * 3/4 + 80 / 4 */
    assert_true(r.smallest == MS(80));
    kedge_tftp_rtt_sample(&r, MS(10));
    assert_true(r.smoothed == MS(80));
    assert_true(r.variation == MS(57) + MS(1) / 2);
    assert_true(r.smallest == MS(10));
}

static void rule_3_a_known_round_trip_needs_less_slack(void **state)
{
    struct kedge_tftp_rtt r = fresh(0, 0);

    (void)state;
    for (unsigned i = 0; i < 32; i++) {
        kedge_nanos slack = kedge_tftp_rto(&r) - r.smoothed;

        assert_true(i == 0 || (slack >= MS(50) && slack < MS(51) && rtt_saved(&r) == 0));
        kedge_tftp_rtt_sample(&r, MS(10));
    }
    assert_true(kedge_tftp_rto(&r) == r.smoothed + MS(20));
    assert_true(rtt_saved(&r) == MS(30));
    for (unsigned i = 0; i < 32; i++)
        kedge_tftp_rtt_sample(&r, i % 2 ? MS(10) : MS(30)); /* it varies: 4 * 10 */
    assert_true(kedge_tftp_rto(&r) > r.smoothed + MS(35));
}

/* 20 ms, then 40, then 80, and no more. */
static void rule_3_an_answer_that_was_only_late_doubles_the_slack(void **state)
{
    struct kedge_tftp_rtt r;
    const kedge_nanos slack[] = { MS(20), MS(40), MS(80), MS(80) };

    (void)state;
    kedge_tftp_rtt_init(&r, 0, 0);
    for (unsigned i = 0; i < 100; i++)
        kedge_tftp_rtt_sample(&r, MS(2));
    for (unsigned i = 0; i < COUNT(slack); i++) {
        assert_true(kedge_tftp_rto(&r) == r.smoothed + slack[i]);
        rtt_was_late(&r);
    }
}

static void rule_3_the_owners_turn_counts_twice(void **state)
{
    struct kedge_tftp_rtt r = fresh(0, MS(40));

    (void)state;
    kedge_tftp_rtt_sample(&r, MS(10));
    assert_true(kedge_tftp_rto(&r) == MS(90));
}

static void rule_3_each_expiry_doubles_it_up_to_the_timeout(void **state)
{
    struct kedge_tftp_rtt r = fresh(0, 0);
    static const unsigned want_ms[] = { 60, 120, 240, 480, 960, 1920, 3840, 6000, 6000 };

    (void)state;
    kedge_tftp_rtt_sample(&r, MS(10));
    for (r.doubled = 0; r.doubled < COUNT(want_ms); r.doubled++)
        assert_true(kedge_tftp_rto(&r) == MS(want_ms[r.doubled]));
    r.doubled = UINT32_MAX; /* no shift is too wide */
    assert_true(kedge_tftp_rto(&r) == MS(6000));
    kedge_tftp_rtt_sample(&r, MS(10));
    assert_int_equal(r.doubled, 0);
}

static void rule_3_the_negotiated_timeout_is_the_most(void **state)
{
    struct kedge_tftp_rtt quick = fresh(MS(20), 0);
    struct kedge_tftp_rtt slow = fresh(255 * KEDGE_SEC, 0);

    (void)state;
    kedge_tftp_rtt_sample(&quick, MS(10));
    assert_true(kedge_tftp_rto(&quick) == MS(20));
    slow.doubled = 30;
    assert_true(kedge_tftp_rto(&slow) == 255 * KEDGE_SEC);
}

static void absurd_samples_do_not_wrap(void **state)
{
    static const kedge_nanos absurd[] = {
        0, UINT64_MAX, 1, UINT64_MAX / 2, 0, UINT64_MAX
    };
    struct kedge_tftp_rtt r = fresh(0, 0);

    (void)state;
    for (size_t i = 0; i < COUNT(absurd); i++) {
        kedge_tftp_rtt_sample(&r, absurd[i]);
        assert_true(r.smoothed <= 3600 * KEDGE_SEC);
        assert_true(r.variation <= 3600 * KEDGE_SEC);
        assert_in_range(kedge_tftp_rto(&r), 1, MS(6000));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_3_the_first_rto_is_a_second_or_what_was_negotiated),
        cmocka_unit_test(rule_3_a_sample_sets_the_rto),
        cmocka_unit_test(rule_3_samples_are_smoothed),
        cmocka_unit_test(rule_3_a_known_round_trip_needs_less_slack),
        cmocka_unit_test(rule_3_an_answer_that_was_only_late_doubles_the_slack),
        cmocka_unit_test(rule_3_the_owners_turn_counts_twice),
        cmocka_unit_test(rule_3_each_expiry_doubles_it_up_to_the_timeout),
        cmocka_unit_test(rule_3_the_negotiated_timeout_is_the_most),
        cmocka_unit_test(absurd_samples_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
