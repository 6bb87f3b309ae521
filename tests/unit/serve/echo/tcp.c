/* SPDX-License-Identifier: MIT */
/* Tests of serve/echo/tcp.h over real sockets: the service turns in this thread, and its
 * clients are non-blocking sockets of the same thread. */
#include "echo_bench.h"

#include <stdio.h>
#include <sys/socket.h>

static void echoes(const char *endpoint)
{
    struct bench *b = bench_new(endpoint, &plain);
    int a = client_of(b), c = client_of(b);

    say(a, "hello");
    say(c, "there");
    hears(b, a, "hello");
    hears(b, c, "there");
    say(a, "again");
    assert_int_equal(kedge_shutdown_write(a), 0);
    hears(b, a, "again"); /* sent before the end, so it comes before the end */
    hears_end(b, a);
    assert_int_equal(b->echo.open, 1);
    close(a);
    close(c);
    settle(b);
    assert_int_equal(b->echo.open, 0);
    assert_int_equal(b->echo.counts.accepted, 2);
    assert_int_equal(b->echo.counts.finished, 2);
    assert_int_equal(b->echo.counts.bytes, 15);
    bench_free(b);
}

static void echoes_on_every_kind(void **state)
{
    char path[64];

    (void)state;
    echoes("tcp://127.0.0.1:0");
    echoes("tcp://[::1]:0");
    snprintf(path, sizeof path, "unix://%s/s", folder);
    echoes(path);
    snprintf(path, sizeof path, "unix-seqpacket://%s/s", folder);
    echoes(path);
}

static void messages_stay_apart(void **state)
{
    char path[64], big[100000], got[100000];
    struct bench *b;
    int fd;

    (void)state;
    snprintf(path, sizeof path, "unix-seqpacket://%s/s", folder);
    b = bench_new(path, &plain);
    fd = client_of(b);
    memset(big, 'b', sizeof big);
    say(fd, "one");
    say(fd, "two");
    assert_int_equal(send(fd, "", 0, MSG_NOSIGNAL), 0); /* an empty one is no end */
    assert_int_equal(kedge_write_all(fd, big, sizeof big), 0);
    hears(b, fd, "one");
    hears(b, fd, "two");
    hears_end(b, fd); /* the empty one */
    assert_int_equal(hear(b, fd, got, sizeof got), sizeof big);
    assert_memory_equal(got, big, sizeof big);
    assert_int_equal(b->echo.open, 1);
    close(fd);
    bench_free(b);
}

static void reset_is_survived(void **state)
{
    const struct linger now = { .l_onoff = 1 };
    struct bench *b = bench_new("tcp://127.0.0.1:0", &plain);
    int idle = client_of(b), stuck = client_of(b), good = client_of(b);

    (void)state;
    say(good, "hello");
    hears(b, good, "hello");
    (void)stuff(b, stuck);
    setsockopt(idle, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    setsockopt(stuck, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(idle);
    close(stuck);
    settle(b);
    assert_int_equal(b->echo.counts.reset, 2);
    assert_int_equal(b->echo.open, 1);
    say(good, "still");
    hears(b, good, "still");
    close(good);
    bench_free(b);
}

static void idle_ones_are_ended_and_busy_ones_not(void **state)
{
    const struct echo_tcp_limits quick = { .connections = 8, .idle = 200 * KEDGE_MSEC };
    struct bench *b = bench_new("tcp://127.0.0.1:0", &quick);
    int idle = client_of(b), busy = client_of(b);

    (void)state;
    for (int i = 0; i < 30; i++) {
        say(busy, "x"); /* before the turn that could find it idle */
        hears(b, busy, "x");
        usleep(10000);
    }
    assert_int_equal(b->echo.counts.idle, 1);
    assert_int_equal(b->echo.open, 1);
    hears_end(b, idle);
    hears_end(b, busy); /* and in the end it is idle too */
    assert_int_equal(b->echo.counts.idle, 2);
    close(idle);
    close(busy);
    bench_free(b);
}

static void two_servers_in_one_program(void **state)
{
    struct bench *a = bench_new("tcp://127.0.0.1:0", &plain);
    struct bench *b = bench_new("tcp://127.0.0.1:0", &plain);
    int to_a = client_of(a), to_b = client_of(b);

    (void)state;
    say(to_a, "a");
    say(to_b, "b");
    hears(b, to_b, "b");
    hears(a, to_a, "a");
    bench_free(a);
    say(to_b, "on");
    hears(b, to_b, "on");
    close(to_a);
    close(to_b);
    bench_free(b);
}

static void what_does_not_listen_is_refused(void **state)
{
    struct bench *b = bench_new("tcp://127.0.0.1:0", &plain);
    int fd = kedge_listen("udp://127.0.0.1:0", NULL);
    struct echo_tcp other;

    (void)state;
    assert_int_equal(echo_tcp_open(&other, &b->loop, fd, &plain, b->buffer), -EINVAL);
    assert_int_equal(close(fd), 0); /* it is still ours */
    bench_free(b);
}

static void summary_is_one_line(void **state)
{
    struct bench *b = bench_new("tcp://127.0.0.1:0", &plain);
    char text[SERVE_SUMMARY];
    int fd = client_of(b);

    (void)state;
    say(fd, "hello");
    hears(b, fd, "hello");
    assert_string_equal(echo_tcp_summary(&b->echo, text),
                        "1 connections, 5 bytes echoed; 0 finished, 0 reset, 0 idle; "
                        "0 pauses in accepting");
    close(fd);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echoes_on_every_kind),
        cmocka_unit_test(messages_stay_apart),
        cmocka_unit_test(reset_is_survived),
        cmocka_unit_test(idle_ones_are_ended_and_busy_ones_not),
        cmocka_unit_test(two_servers_in_one_program),
        cmocka_unit_test(what_does_not_listen_is_refused),
        cmocka_unit_test(summary_is_one_line),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
