/* SPDX-License-Identifier: MIT */
/* Tests of probe/own_lateness.h. */
#include "probe/own_lateness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define WALL 1790000000000000000u /* some day, in ns since 1970 */

static void a_lateness_is_counted_once(void **state)
{
    struct own_lateness s = { .due = 5 * KEDGE_MSEC };

    (void)state;
    own_lateness_awake(&s, 5 * KEDGE_MSEC + SELF_LATE - 1);
    assert_int_equal(s.times, 0);
    own_lateness_awake(&s, 9 * KEDGE_MSEC);
    own_lateness_awake(&s, 9 * KEDGE_MSEC + 1);
    assert_int_equal(s.times, 1);
    assert_int_equal(s.worst, 4 * KEDGE_MSEC);
    assert_int_equal(s.late_from, 5 * KEDGE_MSEC);
    assert_int_equal(s.late_until, 9 * KEDGE_MSEC);
}

static void nothing_is_due_before_it_says_so(void **state)
{
    struct own_lateness s = { .due = KEDGE_NEVER };

    (void)state;
    own_lateness_awake(&s, KEDGE_SEC);
    assert_int_equal(s.times, 0);
}

static void a_clock_that_is_slewed_is_not_set(void **state)
{
    struct own_lateness s = { 0 };

    (void)state;
    for (kedge_nanos now = KEDGE_SEC; now < 100 * KEDGE_SEC; now += KEDGE_SEC / 10)
        own_lateness_clocks(&s, now,
                            WALL + now + now / 2000); /* 500 ppm: the most there is */
    assert_int_equal(s.steps, 0);
}

static void a_clock_that_is_set_is_seen_either_way(void **state)
{
    struct own_lateness s = { 0 };

    (void)state;
    own_lateness_clocks(&s, 1000, WALL);
    own_lateness_clocks(&s, 2000, WALL + 1000 + SELF_STEP);
    assert_int_equal(s.steps, 1);
    assert_int_equal(s.step, SELF_STEP);
    own_lateness_clocks(&s, 3000, WALL + 2000 + SELF_STEP);
    assert_int_equal(s.steps, 1);
    own_lateness_clocks(&s, 4000, WALL - 3600 * KEDGE_SEC);
    assert_int_equal(s.steps, 2);
    assert_true(s.step < -(int64_t)(3599 * KEDGE_SEC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lateness_is_counted_once),
        cmocka_unit_test(nothing_is_due_before_it_says_so),
        cmocka_unit_test(a_clock_that_is_slewed_is_not_set),
        cmocka_unit_test(a_clock_that_is_set_is_seen_either_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
