/* SPDX-License-Identifier: MIT */
/* An echo service for tests that turns in their own thread, and its clients: non-blocking
 * sockets of the same thread. */
#ifndef TESTS_UNIT_SERVE_ECHO_BENCH_H
#define TESTS_UNIT_SERVE_ECHO_BENCH_H

#include "../../folder.h"

#include "serve/echo/tcp.h"

#include "kedge/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#define TURNS 2000 /* before a test gives up */

static const struct echo_tcp_limits plain = { .connections = 8, .idle = KEDGE_NEVER };

struct bench {
    struct loop loop;
    struct echo_tcp echo;
    uint8_t buffer[ECHO_BUFFER];
    char at[KEDGE_ENDPOINT_TEXT];
};

static inline void serve_at(struct bench *b, const char *endpoint,
                            const struct echo_tcp_limits *limits)
{
    struct kedge_error error = { .text = "" };
    struct kedge_endpoint e;
    int fd = kedge_listen(endpoint, &error);

    if (fd < 0)
        fail_msg("%s", error.text);
    assert_true(kedge_endpoint_parse(endpoint, &e, NULL));
    assert_int_equal(kedge_endpoint_bound(&e, fd), 0);
    kedge_endpoint_print(&e, b->at);
    assert_int_equal(echo_tcp_open(&b->echo, &b->loop, fd, limits, b->buffer), 0);
}

static inline struct bench *bench_new(const char *endpoint,
                                      const struct echo_tcp_limits *limits)
{
    struct bench *b = malloc(sizeof *b);

    assert_non_null(b);
    assert_int_equal(loop_open(&b->loop), 0);
    serve_at(b, endpoint, limits);
    return b;
}

static inline void bench_free(struct bench *b)
{
    echo_tcp_close(&b->echo);
    loop_close(&b->loop);
    free(b);
}

static inline void turn(struct bench *b, kedge_nanos wait)
{
    assert_int_equal(loop_turn(&b->loop, wait), 0);
}

/* Turns until nothing happens any more. */
static inline void settle(struct bench *b)
{
    for (int i = 0; i < 20; i++)
        turn(b, KEDGE_MSEC);
}

static inline int dial(const char *at)
{
    struct kedge_error error = { .text = "" };
    int fd = kedge_dial(at, &error);

    if (fd < 0)
        fail_msg("%s", error.text);
    return fd;
}

static inline int client_of(struct bench *b)
{
    return dial(b->at);
}

static inline void say(int fd, const char *text)
{
    assert_int_equal(kedge_write_all(fd, text, strlen(text)), 0);
}

/* Turn until fd has something; then what it has. -EAGAIN after TURNS. */
static inline ssize_t hear(struct bench *b, int fd, void *out, size_t size)
{
    ssize_t n = -EAGAIN;

    for (int i = 0; i < TURNS && n == -EAGAIN; i++) {
        turn(b, KEDGE_MSEC);
        n = connection_read(fd, out, size);
    }
    return n;
}

static inline void hears(struct bench *b, int fd, const char *text)
{
    char got[64];

    assert_int_equal(hear(b, fd, got, sizeof got), strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static inline void hears_end(struct bench *b, int fd)
{
    char got[64];

    assert_int_equal(hear(b, fd, got, sizeof got), 0);
}

/* Write until neither side takes more; how many bytes went. */
static inline size_t stuff(struct bench *b, int fd)
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

static inline size_t drain(struct bench *b, int fd)
{
    static char bytes[65536];
    size_t total = 0;
    ssize_t n;

    while ((n = hear(b, fd, bytes, sizeof bytes)) > 0)
        total += (size_t)n;
    assert_int_equal(n, 0);
    return total;
}

#endif
