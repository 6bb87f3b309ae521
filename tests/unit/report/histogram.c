#include "report/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEDIAN 50000

static kedge_nanos percentile(const struct histogram *h, uint32_t which)
{
    kedge_nanos v = 0;

    assert_true(histogram_percentile(h, which, &v));
    return v;
}

static void small_values_are_exact(void **state)
{
    struct histogram h = { 0 };

    (void)state;
    for (uint64_t v = 1; v <= 100; v++)
        histogram_record(&h, v);
    assert_int_equal(percentile(&h, MEDIAN), 50);
    assert_int_equal(percentile(&h, 90000), 90);
    assert_int_equal(percentile(&h, 99000), 99);
    assert_int_equal(h.count, 100);
    assert_int_equal(h.min, 1);
    assert_int_equal(h.max, 100);
}

/* Two of each of many magnitudes, their edges above all: never below the sample, and at
 * most 1/256 above it. The third sample stands above them, so that it is not the max. */
static void error_is_within_its_bound(void **state)
{
    (void)state;
    for (uint64_t base = 1; base < (uint64_t)1 << 41; base += base / 3 + 1)
        for (uint64_t v = base; v <= base + 2; v++) {
            struct histogram h = { 0 };
            kedge_nanos got = 0;

            histogram_record(&h, v);
            histogram_record(&h, v);
            histogram_record(&h, v * 4);
            got = percentile(&h, MEDIAN);
            assert_true(got >= v);
            assert_true(got - v <= v / 256);
        }
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Against a sorted list, for samples over six decades. */
static void agrees_with_a_sorted_list(void **state)
{
    enum { N = 20000 };
    static const uint32_t which[] = { 1, 10000, 50000, 90000, 99000, 99900 };
    uint64_t *list = calloc(N, sizeof *list);
    struct histogram h = { 0 };
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        list[i] = (seed >> 42) << (seed % 20);
        histogram_record(&h, list[i]);
    }
    qsort(list, N, sizeof *list, by_value);
    for (size_t i = 0; i < sizeof which / sizeof *which; i++) {
        uint64_t rank = ((uint64_t)N * which[i] + 99999) / 100000;
        uint64_t exact = list[rank - 1], got = percentile(&h, which[i]);

        assert_true(got >= exact && got - exact <= exact / 256);
    }
    free(list);
}

static void says_when_samples_are_too_few(void **state)
{
    struct histogram h = { 0 };
    kedge_nanos v = 77;

    (void)state;
    assert_int_equal(histogram_needed(50000), 2);
    assert_int_equal(histogram_needed(90000), 10);
    assert_int_equal(histogram_needed(99000), 100);
    assert_int_equal(histogram_needed(99900), 1000);
    assert_int_equal(histogram_needed(99990), 10000);
    assert_false(histogram_percentile(&h, MEDIAN, &v));
    for (int i = 0; i < 999; i++)
        histogram_record(&h, 5);
    assert_false(histogram_percentile(&h, 99900, &v));
    assert_int_equal(v, 77);
    histogram_record(&h, 5);
    assert_int_equal(percentile(&h, 99900), 5);
}

static void merged_is_as_if_recorded_together(void **state)
{
    struct histogram a = { 0 }, b = { 0 }, all = { 0 }, none = { 0 };

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        histogram_record(i % 3 ? &a : &b, i * i * 17);
        histogram_record(&all, i * i * 17);
    }
    histogram_merge(&a, &b);
    histogram_merge(&a, &none);
    assert_memory_equal(&a, &all, sizeof all);
    histogram_merge(&none, &b);
    assert_memory_equal(&none, &b, sizeof b);
}

/* Beyond the last bucket the maximum is still exact. */
static void holds_any_value(void **state)
{
    struct histogram h = { 0 };

    (void)state;
    histogram_record(&h, UINT64_MAX);
    histogram_record(&h, 0);
    histogram_record(&h, UINT64_MAX);
    assert_int_equal(h.min, 0);
    assert_true(h.max == UINT64_MAX);
    assert_true(percentile(&h, MEDIAN) == UINT64_MAX);
    assert_int_equal(percentile(&h, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(error_is_within_its_bound),
        cmocka_unit_test(agrees_with_a_sorted_list),
        cmocka_unit_test(says_when_samples_are_too_few),
        cmocka_unit_test(merged_is_as_if_recorded_together),
        cmocka_unit_test(holds_any_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
