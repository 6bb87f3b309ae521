/* SPDX-License-Identifier: MIT */
/* Tests of net/icmp.h on loopback. Which kind of socket is used is the kernel's choice;
 * where it allows this user none, the error must say what to do. */
#include "net/icmp.h"

#include "echo/icmp_message.h"
#include "../skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* The payload of the first reply to us within two seconds. */
static struct kedge_span reply_to(const struct icmp_socket *s, enum icmp_version version,
                                  uint8_t buffer[256], struct icmp_in *in)
{
    struct pollfd p = { .fd = s->fd, .events = POLLIN };
    struct icmp_message m;

    while (poll(&p, 1, 2000) == 1) {
        assert_int_equal(icmp_receive(s, buffer, 256, in), 1);
        if (icmp_parse(in->message, version, &m) && m.kind == ICMP_KIND_REPLY &&
            m.identifier == s->identifier && m.sequence == 7)
            return m.payload;
    }
    fail_msg("no reply");
    return (struct kedge_span){ 0 };
}

static void echo_is_answered(int family, enum icmp_version version, const char *host)
{
    struct icmp_message m = { .kind = ICMP_KIND_REQUEST,
                              .sequence = 7,
                              .payload = { (const uint8_t *)"anchor", 6 } };
    uint8_t bytes[64], buffer[256];
    struct writer w = { .ptr = bytes, .room = sizeof bytes };
    struct net_address to;
    struct icmp_socket s;
    struct icmp_in in;
    struct kedge_error error = { .text = "" };
    struct kedge_span got;

    if (icmp_open(family, NULL, &s, &error) < 0) {
        assert_non_null(strstr(error.text, "ping_group_range"));
        assert_non_null(strstr(error.text, "cap_net_raw"));
        skip_because("may send no ICMP here (ping_group_range, cap_net_raw)");
    }
    assert_true(net_address_parse(host, 99, &to)); /* the port means nothing */
    m.identifier = s.identifier;
    icmp_echo_put(&w, version, &m);
    assert_int_equal(icmp_send(&s, written(&w), &to), 0);
    got = reply_to(&s, version, buffer, &in);
    assert_int_equal(got.len, 6);
    assert_memory_equal(got.ptr, "anchor", 6);
    assert_true(net_address_same_host(&in.peer, &to));
    assert_int_equal(in.ttl, 64);
    assert_int_equal(icmp_receive(&s, buffer, sizeof buffer, &in), 0);
    icmp_close(&s);
}

static void echo_v4(void **state)
{
    (void)state;
    echo_is_answered(AF_INET, ICMP_V4, "127.0.0.1");
}

static void echo_v6(void **state)
{
    (void)state;
    echo_is_answered(AF_INET6, ICMP_V6, "::1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echo_v4),
        cmocka_unit_test(echo_v6),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
