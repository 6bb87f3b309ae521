/* SPDX-License-Identifier: MIT */
/* Two sockets for the tests of net/udp.h, on loopback: what goes into one comes out of the
 * other. */
#ifndef TESTS_UNIT_NET_UDP_PAIR_H
#define TESTS_UNIT_NET_UDP_PAIR_H

#include "net/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline struct net_address parsed(const char *host, uint16_t port)
{
    struct net_address a;

    assert_true(net_address_parse(host, port, &a));
    return a;
}

static inline struct udp_socket opened(const char *host, bool gro)
{
    struct udp_options o = { .at = parsed(host, 0), .gro = gro };
    struct udp_socket s;

    assert_int_equal(udp_open(&o, &s), 0);
    return s;
}

/* An inbox that is read from b, and an outbox of a. */
struct pair {
    struct udp_socket a, b;
    struct udp_inbox in;
    struct udp_outbox out;
    uint8_t memory[UDP_BATCH * 2048];
    uint8_t big[4][65536];
};

static inline struct pair *pair_between(const char *from, const char *to)
{
    struct pair *p = calloc(1, sizeof *p);

    assert_non_null(p);
    p->a = opened(from, false);
    p->b = opened(to, false);
    udp_inbox_init(&p->in, p->memory, sizeof p->memory, 2048);
    udp_outbox_init(&p->out, p->a.fd);
    return p;
}

static inline struct pair *pair_open(const char *host)
{
    return pair_between(host, host);
}

static inline void pair_close(struct pair *p)
{
    udp_close(&p->a);
    udp_close(&p->b);
    free(p);
}

static inline void wait_for(int fd, short events)
{
    struct pollfd f = { .fd = fd, .events = events };

    assert_int_equal(poll(&f, 1, 2000), 1);
}

/* Receives at b until all bytes are there, in datagrams of stride. */
static inline void receive_all(struct pair *p, const uint8_t *bytes, size_t len,
                               size_t stride)
{
    static const size_t each = 65536;
    size_t at = 0;

    udp_inbox_init(&p->in, p->big[0], sizeof p->big, each);
    while (at < len) {
        int n;

        wait_for(p->b.fd, POLLIN);
        n = udp_receive(p->b.fd, &p->in);
        assert_true(n >= 0);
        for (int i = 0; i < n; i++) {
            struct kedge_span got = p->in.in[i].m.bytes;

            assert_int_equal(got.len, len - at < stride ? len - at : stride);
            assert_memory_equal(got.ptr, bytes + at, got.len);
            at += got.len;
        }
    }
}

#endif
