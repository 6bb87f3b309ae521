/* SPDX-License-Identifier: MIT */
/* Tests of report/spark.h: a line a case. */
#include "report/spark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The end of the line; what stands before it is blank. */
static void ends(const struct spark *s, const char *want)
{
    uint8_t space[4 * SPARK_CELLS];
    struct writer w = { .ptr = space, .room = sizeof space };
    size_t len = strlen(want);

    spark_put(s, &w, true);
    assert_false(w.bad);
    assert_true(w.len >= len);
    assert_memory_equal(space + w.len - len, want, len);
    for (size_t i = 0; i < w.len - len; i++)
        assert_int_equal(space[i], ' ');
}

static void bars_are_logarithmic(void **state)
{
    struct spark s = { .width = 10 };

    (void)state;
    ends(&s, " ");
    spark_measure(&s, 0, 1000);
    ends(&s, "▁");
    spark_measure(&s, 10, 1000 << 7);
    spark_measure(&s, 25, 1000 << 3);
    spark_measure(&s, 29, 1000 << 4);
    ends(&s, "▁█▅");
}

static void a_failure_is_a_cross_and_silence_a_blank(void **state)
{
    struct spark s = { .width = 10 };

    (void)state;
    spark_measure(&s, 0, 7);
    spark_fail(&s, 20);
    spark_measure(&s, 21, 7);
    ends(&s, "▁ ×");
}

static void without_unicode_it_is_ascii(void **state)
{
    uint8_t space[SPARK_CELLS];
    struct writer w = { .ptr = space, .room = sizeof space };
    struct spark s = { .width = 10 };

    (void)state;
    for (uint64_t i = 0; i < 8; i++)
        spark_measure(&s, 10 * i, (uint64_t)1000 << i);
    spark_fail(&s, 80);
    spark_put(&s, &w, false);
    assert_int_equal(w.len, SPARK_CELLS);
    assert_memory_equal(space + SPARK_CELLS - 9, "..--==##x", 9);
}

static void old_moments_leave(void **state)
{
    struct spark s = { .width = 1 };

    (void)state;
    for (uint64_t i = 0; i < 1000; i++)
        spark_measure(&s, i, 1 << 20);
    spark_fail(&s, 900);
    for (uint64_t i = 1000; i < 1000 + SPARK_CELLS - 1; i++)
        spark_measure(&s, i, 5);
    ends(&s, "█▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁");
    spark_measure(&s, 5000, 5);
    ends(&s, "▁");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_logarithmic),
        cmocka_unit_test(a_failure_is_a_cross_and_silence_a_blank),
        cmocka_unit_test(without_unicode_it_is_ascii),
        cmocka_unit_test(old_moments_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
