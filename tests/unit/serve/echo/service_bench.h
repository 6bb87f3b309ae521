/* SPDX-License-Identifier: MIT */
/* A service on datagrams, by way of serve/echo/service.h, for tests that turn in their own
 * thread; and its clients: non-blocking sockets of the same thread. */
#ifndef TESTS_UNIT_SERVE_SERVICE_BENCH_H
#define TESTS_UNIT_SERVE_SERVICE_BENCH_H

#include "../../folder.h"

#include "serve/echo/service.h"

#include "kedge/datagram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#define TURNS 300 /* before a test gives up */

struct bench {
    struct loop loop;
    struct service *service;
    struct service *other;       /* in the same loop; may be NULL */
    const struct store_key *key; /* likewise */
    uint8_t buffer[ECHO_BUFFER];
    char at[KEDGE_ENDPOINT_TEXT]; /* to dial: udp or unix-dgram */
    char other_at[KEDGE_ENDPOINT_TEXT];
    uint16_t port;
};

static inline struct service *opened(struct bench *b, const char *endpoint,
                                     char at[KEDGE_ENDPOINT_TEXT], uint16_t *port)
{
    struct service_config config = { .loop = &b->loop,
                                     .limits = { .connections = 8, .idle = KEDGE_NEVER },
                                     .buffer = b->buffer,
                                     .reply = REPLY_TEXT,
                                     .key = b->key };
    struct kedge_error error = { .text = "" };
    struct kedge_endpoint e;
    struct service *s = NULL;
    int fd = kedge_listen(endpoint, &error);

    if (fd < 0)
        fail_msg("%s", error.text);
    assert_true(kedge_endpoint_parse(endpoint, &e, NULL));
    assert_int_equal(kedge_endpoint_bound(&e, fd), 0);
    assert_int_equal(service_open(&s, &config, &e, fd), 0);
    e.service = KEDGE_SOCKET;
    kedge_endpoint_print(&e, at);
    *port = e.port;
    return s;
}

static inline struct bench *bench_with_key(const char *endpoint,
                                           const struct store_key *key)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    b->key = key;
    assert_int_equal(loop_open(&b->loop), 0);
    b->service = opened(b, endpoint, b->at, &b->port);
    return b;
}

static inline struct bench *bench_new(const char *endpoint)
{
    return bench_with_key(endpoint, NULL);
}

static inline void bench_free(struct bench *b)
{
    service_close(b->service);
    if (b->other)
        service_close(b->other);
    loop_close(&b->loop);
    free(b);
}

static inline int client_of(const struct bench *b)
{
    struct kedge_error error = { .text = "" };
    int fd = kedge_dial(b->at, &error);

    if (fd < 0)
        fail_msg("%s", error.text);
    assert_int_equal(connection_nonblocking(fd), 0);
    return fd;
}

static inline void settle(struct bench *b)
{
    for (int i = 0; i < 20; i++)
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
}

static inline void say(int fd, const char *text)
{
    assert_int_equal(kedge_send_to(fd, text, strlen(text), NULL), 0);
}

static inline ssize_t hear(struct bench *b, int fd, void *out, size_t size)
{
    ssize_t n = -EAGAIN;

    for (int i = 0; i < TURNS && n == -EAGAIN; i++) {
        assert_int_equal(loop_turn(&b->loop, KEDGE_MSEC), 0);
        n = kedge_receive_from(fd, out, size, NULL);
    }
    return n;
}

static inline void hears(struct bench *b, int fd, const char *text)
{
    char got[64];

    assert_int_equal(hear(b, fd, got, sizeof got), strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static inline void hears_nothing(struct bench *b, int fd)
{
    char got[64];

    settle(b);
    assert_int_equal(kedge_receive_from(fd, got, sizeof got, NULL), -EAGAIN);
}

static inline void sums_up(const struct bench *b, const char *want)
{
    char text[SERVE_SUMMARY];

    assert_string_equal(service_summary(b->service, text), want);
}

#endif
