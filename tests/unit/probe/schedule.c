/* SPDX-License-Identifier: MIT */
/* Tests of probe/schedule.h. */
#include "probe/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Two targets every 10 ms, twice, from 1 s on: staggered by 1 ms. */
static void times_are_absolute(void **state)
{
    static const struct schedule_due want[] = {
        { KEDGE_SEC, 0 },
        { KEDGE_SEC + KEDGE_MSEC, 1 },
        { KEDGE_SEC + 10 * KEDGE_MSEC, 0 },
        { KEDGE_SEC + 11 * KEDGE_MSEC, 1 },
    };
    struct schedule s;
    struct schedule_due due;

    (void)state;
    schedule_init(&s, 10 * KEDGE_MSEC, 2, 2);
    s.start = KEDGE_SEC;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(schedule_next(&s), want[i].at);
        assert_false(schedule_take(&s, want[i].at - 1, &due));
        assert_true(schedule_take(&s, want[i].at, &due));
        assert_int_equal(due.at, want[i].at);
        assert_int_equal(due.target, want[i].target);
    }
    assert_true(schedule_next(&s) == KEDGE_NEVER);
    assert_false(schedule_take(&s, KEDGE_NEVER - 1, &due));
}

/* A stall of the prober moves no intended time: what was missed leaves at once. */
static void a_stall_shifts_nothing(void **state)
{
    struct schedule s;
    struct schedule_due due;
    unsigned taken = 0;

    (void)state;
    schedule_init(&s, KEDGE_MSEC, 0, 1);
    while (schedule_take(&s, 300 * KEDGE_MSEC, &due)) {
        assert_int_equal(due.at, taken * KEDGE_MSEC);
        taken++;
    }
    assert_int_equal(taken, 301);
    assert_int_equal(schedule_next(&s), 301 * KEDGE_MSEC);
}

/* What is due at the end, or after it, does not leave: of either kind. */
static void an_end_is_kept(void **state)
{
    struct deadline_entry heap[1];
    uint32_t place[1];
    uint64_t left[1];
    struct schedule s;
    struct schedule_due due = { 0 };
    unsigned taken = 0;

    (void)state;
    schedule_init(&s, KEDGE_MSEC, 0, 1);
    s.end = 5 * KEDGE_MSEC;
    while (schedule_take(&s, KEDGE_SEC, &due))
        taken++;
    assert_int_equal(taken, 5);
    assert_true(schedule_next(&s) == KEDGE_NEVER);
    schedule_init(&s, KEDGE_MSEC, 0, 1);
    s.end = KEDGE_SEC;
    schedule_poisson(&s, &(struct schedule_memory){ heap, place, left }, 7);
    for (taken = 0; schedule_take(&s, 2 * KEDGE_SEC, &due); taken++)
        assert_true(due.at < s.end);
    assert_in_range(taken, 850, 1150);
    assert_true(schedule_next(&s) == KEDGE_NEVER);
}

/* Many targets share the interval: the last leaves before the first comes again. */
static void many_targets_keep_within_the_interval(void **state)
{
    struct schedule s;
    struct schedule_due due = { 0 };
    kedge_nanos before = 0;

    (void)state;
    schedule_init(&s, 100 * KEDGE_USEC, 3, 300);
    for (unsigned i = 0; i < 900; i++) {
        assert_true(schedule_take(&s, KEDGE_SEC, &due));
        assert_true(due.at >= before);
        assert_int_equal(due.target, i % 300);
        before = due.at;
    }
    assert_false(schedule_take(&s, KEDGE_SEC, &due));
}

/* Random gaps: each target has its own, their mean is the interval, and a time that came
 * late moves no later one. */
static void poisson_gaps_are_exponential(void **state)
{
    enum { TARGETS = 3, COUNT = 20000 };
    static struct deadline_entry heap[TARGETS];
    static uint32_t place[TARGETS];
    static uint64_t left[TARGETS];
    const struct schedule_memory m = { heap, place, left };
    uint64_t taken[TARGETS] = { 0 }, short_ones = 0;
    kedge_nanos last[TARGETS] = { 0 }, before = 0;
    struct schedule_due due = { 0 };
    struct schedule s;

    (void)state;
    schedule_init(&s, KEDGE_MSEC, COUNT, TARGETS);
    schedule_poisson(&s, &m, 42);
    while (schedule_take(&s, KEDGE_NEVER - 1, &due)) {
        assert_true(due.at >= before);
        before = due.at;
        short_ones += due.at - last[due.target] < 693147; /* ln 2: the median */
        last[due.target] = due.at;
        taken[due.target]++;
    }
    for (unsigned i = 0; i < TARGETS; i++) {
        assert_int_equal(taken[i], COUNT);
        assert_in_range(last[i] / COUNT, 970000, 1030000);
    }
    assert_in_range(short_ones, 29200, 30800);
    assert_true(schedule_next(&s) == KEDGE_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_absolute),
        cmocka_unit_test(a_stall_shifts_nothing),
        cmocka_unit_test(an_end_is_kept),
        cmocka_unit_test(many_targets_keep_within_the_interval),
        cmocka_unit_test(poisson_gaps_are_exponential),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
