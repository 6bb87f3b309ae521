/* SPDX-License-Identifier: MIT */
/* Tests of what wakes a loop from outside: another thread, and signals. */
#include "ear.h"

#include <pthread.h>

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

static void a_hang_up_stops_unless_it_is_ignored(void **state)
{
    sigset_t stop;

    (void)state;
    signal(SIGHUP, SIG_DFL);
    loop_signals_stop(&stop);
    assert_int_equal(sigismember(&stop, SIGINT), 1);
    assert_int_equal(sigismember(&stop, SIGTERM), 1);
    assert_int_equal(sigismember(&stop, SIGHUP), 1);
    assert_int_equal(sigismember(&stop, SIGQUIT), 0);
    signal(SIGHUP, SIG_IGN);
    loop_signals_stop(&stop);
    assert_int_equal(sigismember(&stop, SIGHUP), 0);
    assert_int_equal(sigismember(&stop, SIGTERM), 1);
    signal(SIGHUP, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waker_ends_the_sleep),
        cmocka_unit_test(signals_are_events),
        cmocka_unit_test(a_hang_up_stops_unless_it_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
