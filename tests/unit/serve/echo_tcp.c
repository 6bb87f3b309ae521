/* Tests of serve/echo_tcp.h over real sockets: the service turns in this thread, and its
 * clients are non-blocking sockets of the same thread. */
#include "echo_bench.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct echo_tcp_limits plain = { .connections = 8, .idle = KEDGE_NEVER };

static char folder[] = "/tmp/kedge-unit-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void echoes(const char *endpoint)
{
    struct bench *b = bench_new(endpoint, &plain);
    int a = client_of(b), c = client_of(b);

    say(a, "hello");
    say(c, "there");
    hears(b, a, "hello");
    hears(b, c, "there");
    say(a, "again");
    assert_int_equal(kedge_finish(a), 0);
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

/* ---- back-pressure ---- */

/* Write until neither side takes more; how many bytes went. */
static size_t stuff(struct bench *b, int fd)
{
    static const char bytes[65536];
    size_t total = 0;
    int stuck = 0;

    while (stuck < 20) {
        ssize_t n = connection_write(fd, bytes, sizeof bytes);

        assert_true(n > 0 || n == -EAGAIN);
        stuck = n > 0 ? 0 : stuck + 1;
        total += n > 0 ? (size_t)n : 0;
        turn(b, KEDGE_MSEC);
    }
    return total;
}

static size_t drain(struct bench *b, int fd)
{
    static char bytes[65536];
    size_t total = 0;
    ssize_t n;

    while ((n = hear(b, fd, bytes, sizeof bytes)) > 0)
        total += (size_t)n;
    assert_int_equal(n, 0);
    return total;
}

/* A client that only writes is stopped; then it reads, and not a byte is missing. */
static void writer_is_held(const char *endpoint)
{
    struct bench *b = bench_new(endpoint, &plain);
    int fd = client_of(b);
    size_t before = mallinfo2().uordblks, total;

    total = stuff(b, fd);
    assert_true(mallinfo2().uordblks <= before + ECHO_BUFFER + 4096);
    assert_true(b->echo.counts.bytes < total);
    assert_int_equal(kedge_finish(fd), 0);
    assert_int_equal(drain(b, fd), total);
    assert_int_equal(b->echo.counts.bytes, total);
    assert_int_equal(b->echo.open, 0);
    close(fd);
    bench_free(b);
}

static void writers_are_held(void **state)
{
    char path[64];

    (void)state;
    writer_is_held("tcp://127.0.0.1:0");
    snprintf(path, sizeof path, "unix://%s/s", folder);
    writer_is_held(path);
}

/* As stuff, without a pause. */
static void fill(struct bench *b, int fd)
{
    static const char bytes[65536];

    for (int stuck = 0; stuck < 5; turn(b, 0))
        stuck = connection_write(fd, bytes, sizeof bytes) > 0 ? 0 : stuck + 1;
}

/* However many clients do not read, what is kept for them has a bound. */
static void what_is_kept_has_a_bound(void **state)
{
    enum { MANY = 80 };
    const struct echo_tcp_limits many = { .connections = MANY, .idle = KEDGE_NEVER };
    char path[64];
    struct bench *b;
    size_t before, kept;
    int fds[MANY];

    (void)state;
    snprintf(path, sizeof path, "unix://%s/s", folder);
    b = bench_new(path, &many);
    before = mallinfo2().uordblks;
    for (int i = 0; i < MANY; i++) {
        fds[i] = client_of(b);
        fill(b, fds[i]);
    }
    kept = b->echo.kept;
    assert_in_range(kept, ECHO_KEPT - ECHO_BUFFER, ECHO_KEPT);
    assert_true(mallinfo2().uordblks <= before + kept + MANY * 256);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    settle(b);
    assert_int_equal(b->echo.open, 0);
    assert_int_equal(b->echo.kept, 0);
    bench_free(b);
}

/* A stuck client costs the others nothing. */
static void stuck_client_hurts_no_other(void **state)
{
    struct bench *b = bench_new("tcp://127.0.0.1:0", &plain);
    int stuck = client_of(b), good = client_of(b);

    (void)state;
    (void)stuff(b, stuck);
    say(good, "hello");
    hears(b, good, "hello");
    close(stuck);
    settle(b);
    assert_int_equal(b->echo.open, 1);
    close(good);
    bench_free(b);
}

/* A client whose server's end has a small buffer: writes there are partial. */
static int narrow_client(struct bench *b)
{
    int small = 4096, fd = client_of(b);
    int server = dup(fd); /* the lowest free: what accept will return */

    close(server);
    settle(b);
    assert_int_equal(b->echo.open, 1);
    assert_int_equal(setsockopt(server, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    return fd;
}

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 >> 3 ^ i >> 12);
}

static size_t read_in_order(struct bench *b, int fd, size_t at, size_t most)
{
    uint8_t in[8192];
    ssize_t n = most ? connection_read(fd, in, most) : hear(b, fd, in, sizeof in);

    for (ssize_t k = 0; k < n; k++)
        assert_int_equal(in[k], byte_at(at + (size_t)k));
    return n > 0 ? (size_t)n : 0;
}

/* What cannot be sent at once of a small write is kept, and sent later in order. */
static void rest_is_kept(const char *endpoint)
{
    struct bench *b = bench_new(endpoint, &plain);
    int fd = narrow_client(b);
    uint8_t out[7000];
    size_t written = 0, read = 0, n;

    for (int i = 0; i < 2000; i++) {
        ssize_t sent;

        for (size_t k = 0; k < sizeof out; k++)
            out[k] = byte_at(written + k);
        sent = connection_write(fd, out, 1 + (size_t)i * 7 % sizeof out);
        written += sent > 0 ? (size_t)sent : 0;
        turn(b, 0);
        read += i % 2 ? read_in_order(b, fd, read, 3000) : 0;
    }
    assert_int_equal(kedge_finish(fd), 0);
    while ((n = read_in_order(b, fd, read, 0)) > 0)
        read += n;
    assert_int_equal(read, written);
    close(fd);
    bench_free(b);
}

static void rest_is_kept_in_order(void **state)
{
    char path[64];

    (void)state;
    rest_is_kept("tcp://127.0.0.1:0");
    snprintf(path, sizeof path, "unix://%s/s", folder);
    rest_is_kept(path);
}

/* ---- ends ---- */

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

/* ---- limits ---- */

static void one_more_waits_until_one_goes(void **state)
{
    const struct echo_tcp_limits two = { .connections = 2, .idle = KEDGE_NEVER };
    struct bench *b = bench_new("tcp://127.0.0.1:0", &two);
    int fd[3] = { client_of(b), client_of(b), client_of(b) };
    char got[8];

    (void)state;
    say(fd[2], "late");
    settle(b);
    assert_int_equal(b->echo.open, 2);
    assert_int_equal(connection_read(fd[2], got, sizeof got), -EAGAIN);
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
    for (start = loop_clock(); loop_clock() < start + 250 * KEDGE_MSEC; turns++)
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

/* ---- stopping ---- */

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
        cmocka_unit_test(writers_are_held),
        cmocka_unit_test(stuck_client_hurts_no_other),
        cmocka_unit_test(what_is_kept_has_a_bound),
        cmocka_unit_test(rest_is_kept_in_order),
        cmocka_unit_test(reset_is_survived),
        cmocka_unit_test(idle_ones_are_ended_and_busy_ones_not),
        cmocka_unit_test(one_more_waits_until_one_goes),
        cmocka_unit_test(full_table_stops_accepting_for_a_moment),
        cmocka_unit_test(the_highest_descriptors_are_for_others),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(stop_echoes_what_came_and_finishes),
        cmocka_unit_test(stop_waits_for_what_is_not_sent),
        cmocka_unit_test(stop_goes_on_with_who_talks),
        cmocka_unit_test(two_servers_in_one_program),
        cmocka_unit_test(what_does_not_listen_is_refused),
        cmocka_unit_test(summary_is_one_line),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
