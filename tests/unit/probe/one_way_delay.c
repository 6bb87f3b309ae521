/* SPDX-License-Identifier: MIT */
/* Tests of probe/one_way_delay.h: two clocks an hour apart, of which one may run faster. */
#include "probe/one_way_delay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define APART (3600 * KEDGE_SEC)

static struct one_way_trend going, coming;

/* Trips for `seconds`, of `there` and `back` ns, each growing so much a second; the other
 * clock runs faster by drift ns a second. False: no trend. */
struct path {
    int64_t there, back, drift;
    kedge_nanos seconds;
};

static bool run(const struct path *p)
{
    struct one_way_delay o = { 0 };
    const kedge_nanos step = KEDGE_SEC / 100;

    for (kedge_nanos at = 0; at < p->seconds * KEDGE_SEC; at += step) {
        int64_t hundredths = (int64_t)(at / step);
        uint64_t clock = APART + (uint64_t)(p->drift * hundredths / 100);
        uint64_t there = 50000 + (uint64_t)(p->there * hundredths / 100);
        uint64_t back = 70000 + (uint64_t)(p->back * hundredths / 100);
        uint64_t left = KEDGE_SEC + at, arrived = left + there;

        one_way_took(&o, &(struct one_way_trip){ left, arrived + clock,
                                                 arrived + clock + 9000,
                                                 arrived + 9000 + back });
    }
    return one_way_trends(&o, &going, &coming);
}

static void near(int64_t got, int64_t want)
{
    if (got < want - 60 || got > want + 60)
        fail_msg("%lld, not %lld", (long long)got, (long long)want);
}

static void a_quiet_path_has_no_trend(void **state)
{
    (void)state;
    assert_true(run(&(struct path){ .seconds = 5 }));
    near(going.trend_ns, 0);
    near(coming.trend_ns, 0);
    assert_int_equal(going.range, 0);
}

static void a_path_that_grows_one_way_shows_that_way(void **state)
{
    (void)state;
    assert_true(run(&(struct path){ .there = 20000, .seconds = 5 }));
    near(going.trend_ns, 20000);
    near(coming.trend_ns, 0);
    near((int64_t)going.range, 20000 * 499 / 100);
}

static void clocks_that_part_show_in_both_ways(void **state)
{
    (void)state;
    assert_true(run(&(struct path){ .drift = 3000, .seconds = 5 }));
    near(going.trend_ns, 3000);
    near(coming.trend_ns, -3000);
    assert_true(run(&(struct path){ .drift = -3000, .back = 500, .seconds = 5 }));
    near(going.trend_ns, -3000);
    near(coming.trend_ns, 3500);
}

static void too_short_a_run_has_none(void **state)
{
    struct one_way_delay o = { 0 };

    (void)state;
    assert_false(run(&(struct path){ .seconds = 1 }));
    for (uint64_t i = 0; i < ONE_WAY_NEEDED - 1; i++)
        one_way_took(&o,
                     &(struct one_way_trip){ i * KEDGE_SEC, i * KEDGE_SEC + 5, 0, 5 });
    assert_false(one_way_trends(&o, &going, &coming));
}

static void a_clock_that_is_set_begins_anew(void **state)
{
    struct one_way_delay o = { 0 };

    (void)state;
    for (uint64_t i = 0; i < 400; i++) {
        uint64_t left = KEDGE_SEC + i * KEDGE_SEC / 100;
        uint64_t there = left + 5000 + (i < 150 ? 0 : APART);

        one_way_took(&o, &(struct one_way_trip){ left, there, there + 1, left + 11000 });
    }
    assert_int_equal(o.n, 250);
    assert_true(one_way_trends(&o, &going, &coming));
    near(going.trend_ns, 0);
    assert_int_equal(going.range, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_path_has_no_trend),
        cmocka_unit_test(a_path_that_grows_one_way_shows_that_way),
        cmocka_unit_test(clocks_that_part_show_in_both_ways),
        cmocka_unit_test(too_short_a_run_has_none),
        cmocka_unit_test(a_clock_that_is_set_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
