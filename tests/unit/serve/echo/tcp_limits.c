/* SPDX-License-Identifier: MIT */
/* Tests of serve/echo/tcp.h with more clients than it may have, or than there are
 * descriptors for. */
#include "echo_bench.h"
#include "os/clock.h"

#include <stdio.h>
#include <sys/resource.h>

static void one_more_waits_until_one_goes(void **state)
{
    const struct echo_tcp_limits two = { .connections = 2, .idle = KEDGE_NEVER };
    struct bench *b = bench_new("tcp://127.0.0.1:0", &two);
    int fd[3] = { client_of(b), client_of(b), client_of(b) };
    kedge_nanos start;
    char got[8];

    (void)state;
    say(fd[2], "late");
    settle(b);
    assert_int_equal(b->echo.open, 2);
    assert_int_equal(connection_read(fd[2], got, sizeof got), -EAGAIN);
    start = clock_now(); /* who waits does not keep the loop awake */
    turn(b, 20 * KEDGE_MSEC);
    assert_true(clock_now() - start >= 20 * KEDGE_MSEC);
    close(fd[0]);
    hears(b, fd[2], "late");
    assert_int_equal(b->echo.open, 2);
    close(fd[1]);
    close(fd[2]);
    bench_free(b);
}

/* No descriptor is left: the service waits, does not spin, and goes on when there is. */
static void full_table_stops_accepting_for_a_moment(void **state)
{
    struct bench *b = bench_new("tcp://127.0.0.1:0", &plain);
    int fd = client_of(b), turns = 0;
    struct rlimit before, low;
    kedge_nanos start;

    (void)state;
    say(fd, "hello");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = (struct rlimit){ 3, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (start = clock_now(); clock_now() < start + 250 * KEDGE_MSEC; turns++)
        turn(b, 50 * KEDGE_MSEC);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_in_range(b->echo.counts.pauses, 1, 4);
    assert_true(turns < 30);
    hears(b, fd, "hello");
    close(fd);
    bench_free(b);
}

/* Of the descriptors that are left, some are not for connections. */
static void the_highest_descriptors_are_for_others(void **state)
{
    int next = dup(0);
    struct echo_tcp_limits limits = { .connections = 100, .idle = KEDGE_NEVER };
    struct bench *b;
    int fds[20];

    (void)state; /* each of these takes two: here, and at the server */
    assert_true(next >= 0);
    close(next);
    limits.descriptors = next + 40;
    b = bench_new("tcp://127.0.0.1:0", &limits);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        fds[i] = client_of(b);
    settle(b);
    assert_in_range(b->echo.open, 10, 19);
    assert_true(b->echo.counts.pauses > 0);
    assert_int_equal(b->echo.beyond, 1);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        close(fds[i]);
    bench_free(b);
}

static void many_at_once(void **state)
{
    enum { MANY = 400 };
    const struct echo_tcp_limits many = { .connections = MANY, .idle = KEDGE_NEVER };
    struct bench *b = bench_new("tcp://127.0.0.1:0", &many);
    int fd[MANY];
    char text[16];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        fd[i] = client_of(b);
        if (i % 50 == 0)
            turn(b, 0);
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            snprintf(text, sizeof text, "%d:%d", round, i);
            say(fd[i], text);
        }
        for (int i = 0; i < MANY; i++) {
            snprintf(text, sizeof text, "%d:%d", round, i);
            hears(b, fd[i], text);
        }
    }
    assert_int_equal(b->echo.open, MANY);
    for (int i = 0; i < MANY; i++)
        close(fd[i]);
    settle(b);
    assert_int_equal(b->echo.counts.finished, MANY);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_more_waits_until_one_goes),
        cmocka_unit_test(full_table_stops_accepting_for_a_moment),
        cmocka_unit_test(the_highest_descriptors_are_for_others),
        cmocka_unit_test(many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
