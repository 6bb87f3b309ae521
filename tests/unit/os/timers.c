/* SPDX-License-Identifier: MIT */
/* Tests of the timers of os/loop.h. */
#include "ear.h"
#include "os/clock.h"

#include <errno.h>

struct bell {
    struct loop *loop;
    struct loop_timer timer;
    kedge_nanos again; /* not 0: set itself so much later when due */
    int calls;
};

static void ring(void *owner)
{
    struct bell *b = owner;

    b->calls++;
    if (b->again)
        loop_timer_set(b->loop, &b->timer, loop_now(b->loop) + b->again - 1);
}

static void bell_open(struct bell *b, struct loop *l)
{
    *b = (struct bell){ .loop = l, .timer = { .due = ring, .owner = b } };
    assert_int_equal(loop_timer_add(l, &b->timer), 0);
}

static void timers_come_due_in_time(void **state)
{
    struct loop l;
    struct bell soon, later, never;
    kedge_nanos start;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    bell_open(&soon, &l);
    bell_open(&later, &l);
    bell_open(&never, &l);
    start = clock_now();
    loop_timer_set(&l, &soon.timer, start + 3 * KEDGE_MSEC);
    loop_timer_set(&l, &later.timer, start + KEDGE_SEC * 1000);
    assert_int_equal(loop_turn(&l, KEDGE_NEVER), 0);
    assert_true(loop_now(&l) >= start + 3 * KEDGE_MSEC);
    assert_int_equal(soon.calls, 1);
    assert_int_equal(later.calls, 0);
    assert_int_equal(never.calls, 0);
    loop_timer_remove(&l, &later.timer);
    loop_timer_remove(&l, &later.timer);
    assert_true(deadlines_next(&l.deadlines) == KEDGE_NEVER);
    loop_close(&l);
}

static unsigned ring_once(struct loop *l, struct bell *b, kedge_nanos at)
{
    int calls = b->calls;
    unsigned turns = 0;

    loop_timer_set(l, &b->timer, at);
    for (; b->calls == calls; turns++)
        assert_int_equal(loop_turn(l, KEDGE_NEVER), 0);
    assert_true(clock_now() >= at);
    return turns;
}

/* The alarm that ends long sleeps is set anew where it rings too early or would ring too
 * late, and a loop without one keeps the time too. */
static void far_deadlines_are_kept(void **state)
{
    struct loop l;
    struct bell b;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    assert_true(l.alarm >= 0);
    bell_open(&b, &l);
    assert_true(ring_once(&l, &b, clock_now() + LOOP_FAR + 10 * KEDGE_MSEC) <= 3);
    loop_timer_set(&l, &b.timer, clock_now() + 1000 * KEDGE_SEC);
    assert_int_equal(loop_turn(&l, LOOP_FAR), 0); /* and this is the earlier one */
    loop_timer_set(&l, &b.timer, clock_now() + LOOP_FAR + 5 * KEDGE_MSEC);
    assert_int_equal(loop_turn(&l, 0), 0);
    assert_true(ring_once(&l, &b, clock_now() + 2 * LOOP_FAR) <= 5);
    close(l.alarm);
    l.alarm = -1;
    assert_int_equal(ring_once(&l, &b, clock_now() + LOOP_FAR + KEDGE_MSEC), 1);
    assert_int_equal(b.calls, 3);
    loop_timer_remove(&l, &b.timer);
    loop_close(&l);
}

static void coarse_sleep_is_never_short(void **state)
{
    struct loop l;
    struct bell b;
    kedge_nanos at;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    l.coarse = true;
    bell_open(&b, &l);
    at = clock_now() + 1500 * KEDGE_USEC;
    loop_timer_set(&l, &b.timer, at);
    assert_int_equal(loop_turn(&l, KEDGE_NEVER), 0);
    assert_int_equal(b.calls, 1);
    assert_true(loop_now(&l) >= at);
    loop_close(&l);
}

static void timer_set_to_the_past_is_due_once_a_turn(void **state)
{
    struct loop l;
    struct bell b;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    bell_open(&b, &l);
    b.again = 1;
    loop_timer_set(&l, &b.timer, 0);
    for (int i = 1; i <= 3; i++) {
        turn(&l);
        assert_int_equal(b.calls, i);
    }
    loop_close(&l);
}

static void timers_are_bounded(void **state)
{
    static const struct loop_timer none;
    struct loop_timer timers[LOOP_TIMERS + 1];
    struct loop l;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    for (int i = 0; i <= LOOP_TIMERS; i++) {
        timers[i] = none;
        assert_int_equal(loop_timer_add(&l, &timers[i]), i < LOOP_TIMERS ? 0 : -ENOSPC);
    }
    loop_timer_remove(&l, &timers[7]);
    assert_int_equal(loop_timer_add(&l, &timers[LOOP_TIMERS]), 0);
    loop_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_due_in_time),
        cmocka_unit_test(far_deadlines_are_kept),
        cmocka_unit_test(coarse_sleep_is_never_short),
        cmocka_unit_test(timer_set_to_the_past_is_due_once_a_turn),
        cmocka_unit_test(timers_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
