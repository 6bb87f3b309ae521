/* SPDX-License-Identifier: MIT */
/* Each call of net/icmp.h and of the set-up of timestamps fails once in each way: a socket is
 * there and works, or why not is said and it is closed. */
#include "net/icmp.h"

#include "echo/icmp_message.h"
#include "net/timestamps.h"
#include "../skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <poll.h>
#include <unistd.h>

#include "../each_fault.h"

enum { TRIES = 20, END_S = 10 };

struct echo {
    int family;
    const char *host;
    struct kedge_error why;
    bool is_open;
};

static void prepare(void *arg)
{
    struct echo *e = arg;

    (void)alarm(END_S);
    e->why.text[0] = '\0';
    e->is_open = false;
}

static int send_request(const struct echo *e, const struct icmp_socket *s)
{
    struct icmp_message m = { .kind = ICMP_KIND_REQUEST, .identifier = s->identifier };
    uint8_t bytes[64];
    struct writer w = { .ptr = bytes, .room = sizeof bytes };
    struct net_address to;

    assert_true(net_address_parse(e->host, 0, &to));
    icmp_echo_put(&w, e->family == AF_INET6 ? ICMP_V6 : ICMP_V4, &m);
    return icmp_send(s, written(&w), &to);
}

/* Its owner comes back when it is told that something is there. */
static int receive_reply(const struct icmp_socket *s)
{
    struct pollfd p = { .fd = s->fd, .events = POLLIN };
    uint8_t buffer[256];
    struct icmp_in in;
    int n = 0;

    for (int i = 0; i < TRIES && n == 0; i++) {
        faults_spare(true);
        assert_int_equal(poll(&p, 1, 2000), 1);
        faults_spare(false);
        n = icmp_receive(s, buffer, sizeof buffer, &in);
    }
    return n < 0 ? n : n == 1 ? 0 : -EIO;
}

static int ask(void *arg)
{
    struct echo *e = arg;
    struct icmp_socket s;
    int err = icmp_open(e->family, NULL, &s, &e->why);

    if (err < 0)
        return -err;
    e->is_open = true;
    err = stamps_open(s.fd);
    if (!err)
        err = send_request(e, &s);
    if (!err)
        err = receive_reply(&s);
    icmp_close(&s);
    return -err;
}

static void check(void *arg, int error, bool transient)
{
    struct echo *e = arg;

    (void)alarm(0);
    assert_false(transient && error);
    assert_int_equal(e->why.text[0] == '\0', e->is_open);
}

static void asks(int family, const char *host)
{
    /* A probe that could not be sent is lost on this host, and its owner says so. */
    static const char *const without[] = { "sendto", "recvmsg", NULL };
    struct echo e = { .family = family, .host = host };
    struct each_fault s = { prepare, ask, check, &e, without };
    size_t sendto_call = fault_call_named("sendto"), in = fault_call_named("recvmsg");

    prepare(&e);
    if (ask(&e) != 0)
        skip_because("may send no ICMP here (ping_group_range, cap_net_raw)");
    assert_true(each_fault(&s) > 5);
    assert_true(one_fault(&s, in, 1, EINTR));
    assert_true(one_fault(&s, in, 1, EAGAIN));
    assert_true(one_fault(&s, in, 1, ENOMEM));
    prepare(&e);
    faults_begin(sendto_call, 1, EAGAIN);
    assert_int_equal(ask(&e), ENOBUFS);
    assert_true(faults_end());
    (void)alarm(0);
}

static void over_ipv4(void **state)
{
    (void)state;
    asks(AF_INET, "127.0.0.1");
}

static void over_ipv6(void **state)
{
    (void)state;
    asks(AF_INET6, "::1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_ipv4),
        cmocka_unit_test(over_ipv6),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
