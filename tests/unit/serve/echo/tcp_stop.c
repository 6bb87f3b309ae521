/* SPDX-License-Identifier: MIT */
/* Tests of how serve/echo/tcp.h stops: whoever is there gets what is due first. */
#include "echo_bench.h"

static void stop_echoes_what_came_and_finishes(void **state)
{
    struct bench *b = bench_new("tcp://127.0.0.1:0", &plain);
    int quiet = client_of(b), talking = client_of(b);
    struct kedge_error error;

    (void)state;
    settle(b);
    say(talking, "last words");
    usleep(1000);
    echo_tcp_stop(&b->echo);
    hears(b, talking, "last words");
    hears_end(b, talking);
    hears_end(b, quiet);
    assert_int_equal(b->echo.open, 0);
    assert_int_equal(b->echo.counts.reset, 0);
    assert_int_equal(kedge_dial(b->at, &error), -1);
    assert_int_equal(error.code, ECONNREFUSED);
    close(quiet);
    close(talking);
    bench_free(b);
}

/* What was on its way when the service stopped is echoed to the last byte. */
static void stop_waits_for_what_is_not_sent(void **state)
{
    struct bench *b = bench_new("tcp://127.0.0.1:0", &plain);
    int fd = client_of(b);
    size_t total = stuff(b, fd);

    (void)state;
    echo_tcp_stop(&b->echo);
    for (int i = 0; i < 100; i++)
        turn(b, KEDGE_MSEC);
    assert_int_equal(b->echo.open, 1);
    assert_int_equal(drain(b, fd), total);
    assert_int_equal(b->echo.open, 0);
    close(fd);
    bench_free(b);
}

static void stop_goes_on_with_who_talks(void **state)
{
    struct bench *b = bench_new("tcp://127.0.0.1:0", &plain);
    int fd = client_of(b);

    (void)state;
    settle(b);
    echo_tcp_stop(&b->echo);
    for (int i = 0; i < 8; i++) {
        say(fd, "on");
        hears(b, fd, "on");
        usleep(10000);
    }
    hears_end(b, fd);
    assert_int_equal(b->echo.counts.finished, 1);
    close(fd);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_echoes_what_came_and_finishes),
        cmocka_unit_test(stop_waits_for_what_is_not_sent),
        cmocka_unit_test(stop_goes_on_with_who_talks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
