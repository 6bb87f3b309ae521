/* SPDX-License-Identifier: MIT */
/* Tests of os/loop.h: watches, the end of a turn, and how long one took. */
#include "ear.h"

#include <errno.h>

static void watch_is_told_while_ready(void **state)
{
    struct loop l;
    struct ear e;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    ear_open(&e, &l);
    turn(&l);
    assert_int_equal(e.calls, 0);
    shout(&e);
    shout(&e);
    turn(&l);
    turn(&l); /* level-triggered: the second byte is told too */
    turn(&l);
    assert_int_equal(e.calls, 2);
    assert_int_equal(e.events, LOOP_READ);
    ear_close(&e);
    loop_close(&l);
}

static void paused_watch_is_silent(void **state)
{
    struct loop l;
    struct ear e;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    ear_open(&e, &l);
    shout(&e);
    loop_watch_change(&l, &e.watch, 0);
    turn(&l);
    assert_int_equal(e.calls, 0);
    loop_watch_change(&l, &e.watch, LOOP_READ);
    turn(&l);
    assert_int_equal(e.calls, 1);
    ear_close(&e);
    loop_close(&l);
}

/* Both are ready in one turn, and each removes the other: whichever is told first, the
 * other is not told at all. */
static void removed_in_dispatch_is_not_told(void **state)
{
    struct loop l;
    struct ear a, b;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    ear_open(&a, &l);
    ear_open(&b, &l);
    a.kill = &b;
    b.kill = &a;
    shout(&a);
    shout(&b);
    turn(&l);
    assert_int_equal(a.calls + b.calls, 1);
    turn(&l);
    assert_int_equal(a.calls + b.calls, 1);
    ear_close(&a);
    ear_close(&b);
    loop_close(&l);
}

static void watch_may_remove_itself(void **state)
{
    struct loop l;
    struct ear e;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    ear_open(&e, &l);
    e.kill = &e;
    shout(&e);
    turn(&l);
    turn(&l);
    assert_int_equal(e.calls, 1);
    loop_watch_remove(&l, &e.watch); /* twice is harmless */
    ear_close(&e);
    loop_close(&l);
}

/* Where nothing is to be read, so that it is seen who asks. */
static void eager(void *owner, unsigned events)
{
    struct ear *e = owner;

    e->calls++;
    e->events = events;
    loop_again(e->loop, &e->watch);
}

static void asked_again_before_it_sleeps(void **state)
{
    struct loop l;
    struct ear e, other;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    ear_open(&e, &l);
    ear_open(&other, &l);
    e.watch.ready = eager;
    shout(&other);
    loop_again(&l, &e.watch);
    for (int i = 0; i < LOOP_AGAINS; i++)
        assert_int_equal(loop_turn(&l, KEDGE_NEVER), 0);
    assert_int_equal(e.calls, LOOP_AGAINS);
    assert_int_equal(e.events, LOOP_READ);
    assert_int_equal(other.calls, 0);
    turn(&l); /* now it is the others' turn, and then all is as before */
    assert_true(e.calls == LOOP_AGAINS && other.calls == 1);
    turn(&l);
    assert_int_equal(e.calls, LOOP_AGAINS);
    ear_close(&e);
    ear_close(&other);
    loop_close(&l);
}

static void removed_before_it_is_asked_again(void **state)
{
    struct loop l;
    struct ear e;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    ear_open(&e, &l);
    loop_again(&l, &e.watch);
    ear_close(&e);
    turn(&l);
    assert_int_equal(e.calls, 0);
    loop_close(&l);
}

static void refused_watch_is_an_error(void **state)
{
    struct loop_watch w = { .ready = hear };
    struct loop l;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    assert_int_equal(loop_watch_add(&l, &w, 1 << 20, LOOP_READ), -EBADF);
    assert_false(w.added);
    loop_close(&l);
}

struct end {
    struct loop *loop;
    struct loop_hook hook;
    struct loop_hook *kill;
    int calls;
};

static void on_end(void *owner)
{
    struct end *e = owner;

    e->calls++;
    if (e->kill)
        loop_hook_remove(e->loop, e->kill);
}

static void hooks_end_each_turn_and_may_go(void **state)
{
    struct loop l;
    struct end a, b;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    a = (struct end){ .loop = &l, .hook = { .end = on_end, .owner = &a } };
    b = (struct end){ .loop = &l, .hook = { .end = on_end, .owner = &b } };
    loop_hook_add(&l, &a.hook);
    loop_hook_add(&l, &b.hook); /* in front of a */
    turn(&l);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 1);
    b.kill = &a.hook;
    turn(&l);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 2);
    loop_close(&l);
}

static void doze(void *owner)
{
    (void)owner;
    usleep(2000);
}

static void turn_is_measured_without_sleep(void **state)
{
    struct loop l;
    struct loop_timer t = { .due = doze };

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    assert_int_equal(loop_timer_add(&l, &t), 0);
    loop_timer_set(&l, &t, 0);
    turn(&l);
    turn(&l);
    assert_true(loop_last_turn(&l) >= 2 * KEDGE_MSEC);
    loop_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watch_is_told_while_ready),
        cmocka_unit_test(paused_watch_is_silent),
        cmocka_unit_test(removed_in_dispatch_is_not_told),
        cmocka_unit_test(watch_may_remove_itself),
        cmocka_unit_test(asked_again_before_it_sleeps),
        cmocka_unit_test(removed_before_it_is_asked_again),
        cmocka_unit_test(refused_watch_is_an_error),
        cmocka_unit_test(hooks_end_each_turn_and_may_go),
        cmocka_unit_test(turn_is_measured_without_sleep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
