/* SPDX-License-Identifier: MIT */
/* Tests of report/histogram.h. Its allocations go through these (meson.build wraps them),
 * so that one can fail. */
#include "report/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEDIAN 50000

static bool no_memory;
void *__real_realloc(void *old, size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_realloc(void *old, size_t size)
{
    return no_memory ? NULL : __real_realloc(old, size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return no_memory ? NULL : __real_calloc(n, size);
}

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
    histogram_free(&h);
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
            histogram_free(&h);
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
    histogram_free(&h);
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
    histogram_free(&h);
}

/* All but where it keeps them. */
static void expect_equal(const struct histogram *a, const struct histogram *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->min, b->min);
    assert_int_equal(a->max, b->max);
    assert_int_equal(a->sum, b->sum);
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        assert_int_equal(histogram_count(a, i, i + 1), histogram_count(b, i, i + 1));
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
    expect_equal(&a, &all);
    histogram_merge(&none, &b);
    expect_equal(&none, &b);
    histogram_free(&a);
    histogram_free(&b);
    histogram_free(&all);
    histogram_free(&none);
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
    histogram_free(&h);
}

/* The same samples, counted in a few cells or in a place for each bucket. */
static void few_or_many_are_the_same(void **state)
{
    struct histogram few = { 0 }, many = { 0 };

    (void)state;
    for (uint64_t i = 0; i < 3 * HISTOGRAM_FEW; i++)
        histogram_record(&many, i);
    for (uint64_t i = HISTOGRAM_FEW; i > 0; i--)
        histogram_record(&few, (i * 7) % HISTOGRAM_FEW);
    assert_null(few.buckets);
    assert_int_equal(few.used, HISTOGRAM_FEW);
    assert_null(many.cells);
    for (uint32_t i = 0; i < HISTOGRAM_FEW; i++) {
        kedge_nanos low = 0, high = 0;

        assert_int_equal(histogram_bucket(&few, i, &low, &high), 1);
        assert_int_equal(histogram_count(&few, 0, i), histogram_count(&many, 0, i));
        assert_int_equal(few.cells[i].bucket, i);
        histogram_at(&few, i + 1, &low, &high);
        assert_int_equal(low, i);
        assert_int_equal(high, i);
    }
    assert_int_equal(histogram_count(&few, 0, HISTOGRAM_BUCKETS), few.count);
    assert_int_equal(histogram_count(&many, 0, HISTOGRAM_BUCKETS), many.count);
    histogram_free(&few);
    histogram_free(&many);
    assert_int_equal(few.count, 0);
}

static void without_memory_a_sample_is_left_out(void **state)
{
    struct histogram h = { 0 }, more = { 0 };

    (void)state;
    no_memory = true;
    histogram_record(&h, 9);
    assert_int_equal(h.count, 0);
    assert_int_equal(h.dropped, 1);
    no_memory = false;
    for (uint64_t i = 0; i < HISTOGRAM_FEW; i++)
        histogram_record(&h, i);
    histogram_record(&more, 400);
    histogram_record(&more, 5);
    no_memory = true;
    histogram_record(&h, 300); /* all places at once would be needed */
    histogram_record(&h, 7);
    histogram_merge(&h, &more);
    no_memory = false;
    assert_int_equal(h.dropped, 3);
    assert_int_equal(h.count, HISTOGRAM_FEW + 2);
    assert_int_equal(histogram_count(&h, 0, HISTOGRAM_BUCKETS), h.count);
    assert_int_equal(histogram_count(&h, 5, 6), 2);
    histogram_merge(&more, &h);
    assert_int_equal(more.dropped, 3);
    histogram_free(&h);
    histogram_free(&more);
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
        cmocka_unit_test(few_or_many_are_the_same),
        cmocka_unit_test(without_memory_a_sample_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
