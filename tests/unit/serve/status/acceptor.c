/* SPDX-License-Identifier: MIT */
/* Tests of serve/status/acceptor.h: how many are let in, what becomes of the others, and how many
 * are looked at within a span. */
#include "serve/status/acceptor.h"

#include "kedge/endpoint.h"
#include "os/clock.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PEERS = 3 * ACCEPTOR_AT_ONCE };

struct bench {
    struct loop loop;
    struct status_acceptor acceptor;
    struct kedge_endpoint at;
    int in[PEERS];
    unsigned count;
    int peers[PEERS];
};

static void take(void *owner, int fd)
{
    struct bench *b = owner;

    b->in[b->count++] = fd;
    b->acceptor.open++;
}

static void bench_open(struct bench *b, uint32_t most)
{
    struct kedge_error error;
    int fd;

    *b = (struct bench){ .acceptor = { .most = most, .take = take, .owner = b } };
    assert_int_equal(loop_open(&b->loop), 0);
    b->acceptor.loop = &b->loop;
    assert_int_equal(acceptor_open(&b->acceptor), 0);
    assert_true(kedge_endpoint_parse("tcp://127.0.0.1:0", &b->at, &error));
    fd = kedge_endpoint_listen(&b->at, &error);
    assert_true(fd >= 0);
    assert_int_equal(kedge_endpoint_bound(&b->at, fd), 0);
    assert_int_equal(acceptor_add(&b->acceptor, fd), 0);
}

static void bench_close(struct bench *b)
{
    acceptor_close(&b->acceptor);
    for (unsigned i = 0; i < b->count; i++)
        close(b->in[i]);
    loop_close(&b->loop);
}

static void dial(struct bench *b, unsigned count)
{
    struct kedge_error error;

    for (unsigned i = 0; i < count; i++) {
        b->peers[i] = kedge_endpoint_dial(&b->at, KEDGE_SEC, &error);
        assert_true(b->peers[i] >= 0);
    }
}

static void hang_up(const struct bench *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        close(b->peers[i]);
}

static void turn(struct bench *b)
{
    assert_int_equal(loop_turn(&b->loop, 0), 0);
}

static void turn_for(struct bench *b, kedge_nanos time)
{
    kedge_nanos end = clock_now() + time;

    while (clock_now() < end)
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
}

static bool is_reset(int peer)
{
    struct pollfd p = { .fd = peer, .events = POLLIN };
    char byte;

    return poll(&p, 1, 0) == 1 && recv(peer, &byte, 1, MSG_DONTWAIT) < 0 &&
           errno == ECONNRESET;
}

static void who_is_beyond_the_limit_is_reset(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, 2);
    dial(&b, 4);
    turn_for(&b, 50 * KEDGE_MSEC);
    assert_int_equal(b.count, 2);
    assert_int_equal(b.acceptor.refused, 2);
    assert_false(is_reset(b.peers[0]) || is_reset(b.peers[1]));
    assert_true(is_reset(b.peers[2]) && is_reset(b.peers[3]));
    b.acceptor.open--; /* one has gone */
    hang_up(&b, 4);
    dial(&b, 1);
    turn_for(&b, 50 * KEDGE_MSEC);
    assert_int_equal(b.count, 3);
    hang_up(&b, 1);
    bench_close(&b);
}

static void many_at_once_leave_the_loop_to_others(void **state)
{
    struct bench b;
    kedge_nanos start;

    (void)state;
    bench_open(&b, PEERS);
    dial(&b, PEERS);
    start = clock_now();
    turn(&b);
    assert_int_equal(b.count, ACCEPTOR_AT_ONCE);
    while (b.count < PEERS)
        assert_int_equal(loop_turn(&b.loop, KEDGE_SEC), 0);
    assert_true(clock_now() - start >= 2 * ACCEPTOR_SPAN);
    hang_up(&b, PEERS);
    bench_close(&b);
}

/* One after the other, which a queue would not show. */
static void nor_does_one_who_comes_again_and_again(void **state)
{
    struct bench b;
    kedge_nanos start;

    (void)state;
    bench_open(&b, PEERS);
    start = clock_now();
    for (unsigned i = 0; i < PEERS; i++) {
        dial(&b, 1);
        while (b.count == i)
            assert_int_equal(loop_turn(&b.loop, KEDGE_SEC), 0);
        hang_up(&b, 1);
    }
    assert_true(clock_now() - start >= 2 * ACCEPTOR_SPAN);
    bench_close(&b);
}

static void there_are_few_sockets(void **state)
{
    struct kedge_error error;
    struct bench b;
    int fd;

    (void)state;
    bench_open(&b, 1);
    for (unsigned i = 1; i < ACCEPTOR_SOCKETS; i++) {
        fd = kedge_listen("tcp://127.0.0.1:0", &error);
        assert_int_equal(acceptor_add(&b.acceptor, fd), 0);
    }
    fd = kedge_listen("tcp://127.0.0.1:0", &error);
    assert_int_equal(acceptor_add(&b.acceptor, fd), -ENOSPC);
    kedge_unlisten(fd);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_beyond_the_limit_is_reset),
        cmocka_unit_test(many_at_once_leave_the_loop_to_others),
        cmocka_unit_test(nor_does_one_who_comes_again_and_again),
        cmocka_unit_test(there_are_few_sockets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
