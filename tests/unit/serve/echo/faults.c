/* SPDX-License-Identifier: MIT */
/* Each system call of an echo fails once in each way: what comes back is what was said, or
 * nothing of it where a datagram may be lost; and those that follow are served. */
#include "service_bench.h"

#include "../../each_fault.h"

#include <stdio.h>
#include <stdlib.h>

/* One scene: a service, a client, and what it said. */
struct scene {
    const char *endpoint;
    bool is_stream;
    bool waits_for_nobody; /* it counts an answer that cannot leave at once as lost */
    struct bench *b;
    int fd;
    uint8_t out[3000], in[3000];
    size_t sent, got;
};

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void prepare(void *arg)
{
    struct scene *c = arg;

    c->sent = c->got = 0;
    for (size_t i = 0; i < sizeof c->out; i++)
        c->out[i] = byte_at(i);
}

/* The client's calls are not counted, and the service's are. */
static void turn(struct scene *c)
{
    faults_spare(false);
    assert_int_equal(loop_turn(&c->b->loop, KEDGE_MSEC), 0);
    faults_spare(true);
}

static void take_answer(struct scene *c)
{
    ssize_t n = recv(c->fd, c->in + c->got, sizeof c->in - c->got, MSG_DONTWAIT);

    c->got += n > 0 ? (size_t)n : 0;
}

static void converse(struct scene *c, size_t end, size_t piece)
{
    while (c->sent < end) {
        if (send(c->fd, c->out + c->sent, piece, MSG_NOSIGNAL) != (ssize_t)piece)
            return;
        c->sent += piece;
        turn(c);
        take_answer(c);
    }
    for (int i = 0; i < 150 && c->got < c->sent; i++) {
        turn(c);
        take_answer(c);
    }
}

static int run(void *arg)
{
    struct scene *c = arg;
    int error;

    faults_spare(true);
    c->b = bench_new(c->endpoint);
    c->fd = client_of(c->b);
    converse(c, 1500, 500);
    error = c->got == 1500 ? 0 : 1;
    faults_spare(false);
    return error;
}

/* After the fault a conversation goes as if nothing had been. */
static void check(void *arg, int error, bool transient)
{
    struct scene *c = arg;
    char text[SERVE_SUMMARY];

    if (transient && error) {
        assert_true(c->waits_for_nobody);
        assert_non_null(
            strstr(service_summary(c->b->service, text), "1 answers lost here"));
    }
    if (c->is_stream)
        assert_memory_equal(c->in, c->out, c->got);
    if (!error) {
        assert_memory_equal(c->in, c->out, c->got);
        converse(c, 3000, 500);
        assert_int_equal(c->got, 3000);
        assert_memory_equal(c->in, c->out, 3000);
    }
    close(c->fd);
    bench_free(c->b);
    faults_spare(false);
}

/* A message that was looked at can be taken, and leaves whole. */
static const char *const of_messages[] = { "recv", "send", NULL };

static void each_call_fails(const char *endpoint, bool is_stream, bool waits_for_nobody)
{
    struct scene *c = calloc(1, sizeof *c);
    struct each_fault s = { prepare, run, check, c, NULL };

    assert_non_null(c);
    if (strstr(endpoint, "seqpacket"))
        s.without = of_messages;
    c->endpoint = endpoint;
    c->is_stream = is_stream;
    c->waits_for_nobody = waits_for_nobody;
    assert_true(each_fault(&s) > 10);
    free(c);
}

static void datagrams(void **state)
{
    (void)state;
    each_call_fails("echo+udp://127.0.0.1:0", false, false);
    each_call_fails("echo+udp://[::1]:0", false, false);
}

static void local_datagrams(void **state)
{
    char path[64];

    (void)state;
    snprintf(path, sizeof path, "echo+unix-dgram://%s/s", folder);
    each_call_fails(path, false, true);
}

static void streams(void **state)
{
    char path[64];

    (void)state;
    each_call_fails("echo+tcp://127.0.0.1:0", true, false);
    snprintf(path, sizeof path, "echo+unix://%s/s", folder);
    each_call_fails(path, true, false);
    snprintf(path, sizeof path, "echo+unix-seqpacket://%s/s", folder);
    each_call_fails(path, true, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams),
        cmocka_unit_test(local_datagrams),
        cmocka_unit_test(streams),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
