/* SPDX-License-Identifier: MIT */
/* Tests of serve/echo/tcp.h with clients that write and do not read: what is kept for them
 * has a bound, and not a byte of it is lost. */
#include "echo_bench.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/socket.h>

/* A client that only writes is stopped; then it reads, and not a byte is missing. */
static void writer_is_held(const char *endpoint)
{
    struct bench *b = bench_new(endpoint, &plain);
    int fd = client_of(b);
    size_t before = mallinfo2().uordblks, total;

    total = stuff(b, fd);
    assert_true(mallinfo2().uordblks <= before + ECHO_BUFFER + 4096);
    assert_true(b->echo.counts.bytes < total);
    assert_int_equal(kedge_shutdown_write(fd), 0);
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
static size_t fill(struct bench *b, int fd)
{
    static const char bytes[65536];
    size_t total = 0;

    for (int stuck = 0; stuck < 5; turn(b, 0)) {
        ssize_t n = connection_write(fd, bytes, sizeof bytes);

        stuck = n > 0 ? 0 : stuck + 1;
        total += n > 0 ? (size_t)n : 0;
    }
    return total;
}

/* However many clients do not read, what is kept for them has a bound. */
static void what_is_kept_has_a_bound(void **state)
{
    enum { MANY = 80 };
    const struct echo_tcp_limits many = { .connections = MANY, .idle = KEDGE_NEVER };
    char path[64];
    struct bench *b;
    size_t before, kept, total = 0;
    int fds[MANY];

    (void)state;
    snprintf(path, sizeof path, "unix://%s/s", folder);
    b = bench_new(path, &many);
    before = mallinfo2().uordblks;
    for (int i = 0; i < MANY; i++) {
        fds[i] = client_of(b);
        total = fill(b, fds[i]);
    }
    kept = b->echo.kept;
    assert_in_range(kept, ECHO_KEPT - ECHO_BUFFER, ECHO_KEPT);
    assert_true(mallinfo2().uordblks <= before + kept + MANY * 256);
    /* The last one's bytes lie in the kernel's queue; none is missing. */
    assert_int_equal(kedge_shutdown_write(fds[MANY - 1]), 0);
    assert_int_equal(drain(b, fds[MANY - 1]), total);
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
    assert_int_equal(kedge_shutdown_write(fd), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writers_are_held),
        cmocka_unit_test(stuck_client_hurts_no_other),
        cmocka_unit_test(what_is_kept_has_a_bound),
        cmocka_unit_test(rest_is_kept_in_order),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
