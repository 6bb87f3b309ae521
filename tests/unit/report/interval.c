/* SPDX-License-Identifier: MIT */
/* Tests of report/interval.h. The ranks are those that tables of the binomial give; how
 * often an interval holds the truth is counted over runs of seeded samples. */
#include "report/interval.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void ranks_are_those_of_the_binomial(void **state)
{
    static const struct {
        uint64_t n;
        uint32_t which;
        uint64_t low, high;
    } known[] = {
        { 6, 50000, 1, 6 },        { 10, 50000, 2, 9 },
        { 20, 50000, 6, 15 },      { 100, 50000, 40, 61 },
        { 100, 90000, 84, 96 },    { 400, 99000, 392, 400 },
        { 1000, 50000, 469, 532 }, { 1000000, 50000, 499020, 500981 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint64_t low = 0, high = 0;

        assert_true(interval_ranks(known[i].n, known[i].which, &low, &high));
        assert_int_equal(low, known[i].low);
        assert_int_equal(high, known[i].high);
    }
}

static void too_few_samples_bound_nothing(void **state)
{
    static const struct {
        uint32_t which;
        uint64_t needed;
    } known[] = { { 50000, 6 }, { 90000, 36 }, { 99000, 368 }, { 99900, 3688 } };
    uint64_t low = 0, high = 0;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint64_t n = known[i].needed;

        assert_int_equal(interval_needed(known[i].which), n);
        assert_false(interval_ranks(0, known[i].which, &low, &high));
        assert_false(interval_ranks(n - 1, known[i].which, &low, &high));
        assert_true(interval_ranks(n, known[i].which, &low, &high));
    }
}

/* Round trips of a mean of 1 ms, as a queue would make them. */
static void sample(struct histogram *h, uint64_t n, uint64_t *seed, double scale)
{
    histogram_free(h);
    for (uint64_t i = 0; i < n; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        histogram_record(
            h, (kedge_nanos)(-1e6 * scale *
                             log(((double)(*seed >> 11) + 1) / 9007199254740993.0)));
    }
}

static void an_interval_holds_the_truth_19_times_of_20(void **state)
{
    static struct histogram h;
    const double truth[] = { 1e6 * log(2), 1e6 * log(10), 1e6 * log(100) };
    const uint32_t which[] = { 50000, 90000, 99000 };
    uint64_t seed = 5;
    int held[3] = { 0 };

    (void)state;
    for (int run = 0; run < 1000; run++) {
        sample(&h, 500, &seed, 1);
        for (int i = 0; i < 3; i++) {
            struct interval v;

            assert_true(interval_of(&h, which[i], &v));
            held[i] += (double)v.low <= truth[i] && truth[i] <= (double)v.high;
        }
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(held[i], 940, 999);
    histogram_free(&h);
}

static void a_change_holds_the_truth_19_times_of_20(void **state)
{
    static struct histogram a, b;
    const uint32_t which[] = { 50000, 90000, 99000 };
    uint64_t seed = 6;
    int held[3] = { 0 };

    (void)state;
    for (int run = 0; run < 1000; run++) {
        sample(&a, 400, &seed, 1);
        sample(&b, 600, &seed, 1.2);
        for (int i = 0; i < 3; i++) {
            struct interval_change v;

            assert_true(interval_of_change(&a, &b, which[i], &v) && v.bounded);
            assert_true(v.low <= v.change && v.change <= v.high);
            held[i] += v.low <= 20 && 20 <= v.high;
        }
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(held[i], 935, 999);
    histogram_free(&a);
    histogram_free(&b);
}

static void nothing_changed_is_zero(void **state)
{
    static struct histogram a;
    struct interval_change v;
    uint64_t seed = 7;

    (void)state;
    sample(&a, 50, &seed, 1);
    assert_true(interval_of_change(&a, &a, 50000, &v));
    assert_true(v.change == 0 && v.bounded && v.low < 0 && v.high > 0);
    assert_false(interval_of_change(&a, &a, 99000, &v));
    sample(&a, 200, &seed, 1);
    assert_true(interval_of_change(&a, &a, 99000, &v) && !v.bounded);
    histogram_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_those_of_the_binomial),
        cmocka_unit_test(too_few_samples_bound_nothing),
        cmocka_unit_test(an_interval_holds_the_truth_19_times_of_20),
        cmocka_unit_test(a_change_holds_the_truth_19_times_of_20),
        cmocka_unit_test(nothing_changed_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
