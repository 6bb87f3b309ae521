#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

/* A pipe whose reading end is watched, and what its watch was told. */
struct ear {
    struct loop *loop;
    struct loop_watch watch;
    struct ear *kill; /* removed by this one's callback */
    int in, out;
    int calls;
    unsigned events;
};

static void hear(void *owner, unsigned events)
{
    struct ear *e = owner;
    char byte;

    e->calls++;
    e->events = events;
    if (e->kill)
        loop_watch_remove(e->loop, &e->kill->watch);
    if (e->watch.added && events & LOOP_READ)
        assert_int_equal(read(e->in, &byte, 1), 1);
}

static void ear_open(struct ear *e, struct loop *l)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    *e = (struct ear){ .loop = l, .in = ends[0], .out = ends[1] };
    e->watch = (struct loop_watch){ .ready = hear, .owner = e };
    assert_int_equal(loop_watch_add(l, &e->watch, e->in, LOOP_READ), 0);
}

static void ear_close(struct ear *e)
{
    loop_watch_remove(e->loop, &e->watch);
    close(e->in);
    close(e->out);
}

static void shout(struct ear *e)
{
    assert_int_equal(write(e->out, "x", 1), 1);
}

static void turn(struct loop *l)
{
    assert_int_equal(loop_turn(l, 0), 0);
}

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

/* ---- timers ---- */

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
    start = loop_clock();
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
    assert_true(loop_clock() >= at);
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
    assert_true(ring_once(&l, &b, loop_clock() + LOOP_FAR + 10 * KEDGE_MSEC) <= 3);
    loop_timer_set(&l, &b.timer, loop_clock() + 1000 * KEDGE_SEC);
    assert_int_equal(loop_turn(&l, LOOP_FAR), 0); /* and this is the earlier one */
    loop_timer_set(&l, &b.timer, loop_clock() + LOOP_FAR + 5 * KEDGE_MSEC);
    assert_int_equal(loop_turn(&l, 0), 0);
    assert_true(ring_once(&l, &b, loop_clock() + 2 * LOOP_FAR) <= 5);
    close(l.alarm);
    l.alarm = -1;
    assert_int_equal(ring_once(&l, &b, loop_clock() + LOOP_FAR + KEDGE_MSEC), 1);
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
    at = loop_clock() + 1500 * KEDGE_USEC;
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

/* ---- hooks, wakers, signals, the turn ---- */

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

struct counted {
    struct loop *loop;
    int calls, last;
};

static void on_woken(void *owner)
{
    struct counted *c = owner;

    c->calls++;
    loop_stop(c->loop);
}

static void *wake_thrice(void *waker)
{
    for (int i = 0; i < 3; i++)
        loop_waker_wake(waker);
    return NULL;
}

static void waker_ends_the_sleep(void **state)
{
    struct loop l;
    struct counted c = { .loop = &l };
    struct loop_waker w = { .woken = on_woken, .owner = &c };
    pthread_t thread;

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    assert_int_equal(loop_waker_open(&l, &w), 0);
    assert_int_equal(pthread_create(&thread, NULL, wake_thrice, &w), 0);
    assert_int_equal(loop_run(&l), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    turn(&l);
    assert_in_range(c.calls, 1, 3);
    loop_waker_close(&l, &w);
    loop_close(&l);
}

static void on_signal(void *owner, int signal)
{
    struct counted *c = owner;

    c->calls++;
    c->last = signal;
}

static void signals_are_events(void **state)
{
    struct loop l;
    struct counted c = { .loop = &l };
    struct loop_signals s = { .caught = on_signal, .owner = &c };
    sigset_t which, after;

    (void)state;
    sigemptyset(&which);
    sigaddset(&which, SIGUSR1);
    assert_int_equal(loop_open(&l), 0);
    assert_int_equal(loop_signals_open(&l, &s, &which), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    turn(&l);
    assert_int_equal(c.calls, 1);
    assert_int_equal(c.last, SIGUSR1);
    loop_signals_close(&l, &s);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &after), 0);
    assert_int_equal(sigismember(&after, SIGUSR1), 0);
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
        cmocka_unit_test(timers_come_due_in_time),
        cmocka_unit_test(far_deadlines_are_kept),
        cmocka_unit_test(coarse_sleep_is_never_short),
        cmocka_unit_test(timer_set_to_the_past_is_due_once_a_turn),
        cmocka_unit_test(timers_are_bounded),
        cmocka_unit_test(hooks_end_each_turn_and_may_go),
        cmocka_unit_test(waker_ends_the_sleep),
        cmocka_unit_test(signals_are_events),
        cmocka_unit_test(turn_is_measured_without_sleep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
