/* SPDX-License-Identifier: MIT */
/* Tests of the ports of net/udp.h: from a range, shared among sockets, or of a socket that
 * somebody else opened. */
#include "udp_pair.h"

static void range_is_kept_and_ends(void **state)
{
    struct udp_socket first = opened("127.0.0.1", false), s, none;
    uint16_t low = net_address_port(&first.at);
    struct udp_options o = { .at = first.at, .low = low, .high = low };

    (void)state;
    assert_int_equal(udp_open(&o, &none), -EADDRINUSE);
    udp_close(&first);
    assert_int_equal(udp_open(&o, &s), 0);
    assert_int_equal(net_address_port(&s.at), low);
    udp_close(&s);
}

static bool is_free(uint16_t port)
{
    struct udp_options o = { .at = parsed("127.0.0.1", port) };
    struct udp_socket s;
    int err = udp_open(&o, &s);

    if (err == 0)
        udp_close(&s);
    return err == 0;
}

/* Whichever of the range is tried first. Another program may take the port meanwhile. */
static void one_that_is_free_is_found(void **state)
{
    struct udp_socket first = opened("127.0.0.1", false), s;
    uint16_t low = net_address_port(&first.at);
    struct udp_options o = { .at = first.at, .low = low, .high = (uint16_t)(low + 1) };

    (void)state;
    for (int i = 0; i < 30 && low < UINT16_MAX; i++) {
        if (udp_open(&o, &s) < 0) {
            assert_false(is_free(o.high));
            continue;
        }
        assert_int_equal(net_address_port(&s.at), o.high);
        udp_close(&s);
    }
    udp_close(&first);
}

static void a_port_is_shared_by_its_first_socket(void **state)
{
    struct udp_options o = { .at = parsed("127.0.0.1", 0) };
    struct udp_socket a, b, none;

    (void)state;
    assert_int_equal(udp_open(&o, &a), 0);
    o.at = a.at;
    o.reuse_port = true;
    assert_int_equal(udp_open(&o, &none), -EADDRINUSE);
    assert_int_equal(udp_share(&a), 0);
    assert_int_equal(udp_open(&o, &b), 0);
    o.reuse_port = false; /* another program */
    assert_int_equal(udp_open(&o, &none), -EADDRINUSE);
    udp_close(&a);
    udp_close(&b);
}

/* However many there are, a pair of addresses and ports meets one of them for ever. */
static void a_shared_port_is_dealt_out_by_peer(void **state)
{
    struct udp_options o = { .at = parsed("127.0.0.1", 0) };
    struct udp_socket shared[2];
    unsigned got[2] = { 0 };
    uint8_t byte;

    (void)state;
    assert_int_equal(udp_open(&o, &shared[0]), 0);
    assert_int_equal(udp_share(&shared[0]), 0);
    o.at = shared[0].at;
    o.reuse_port = true;
    assert_int_equal(udp_open(&o, &shared[1]), 0);
    for (unsigned i = 0; i < 64; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        unsigned who;

        for (unsigned k = 0; k < 3; k++)
            assert_int_equal(sendto(fd, "x", 1, 0, &o.at.u.any, o.at.len), 1);
        who = recv(shared[0].fd, &byte, 1, MSG_PEEK) < 0;
        for (unsigned k = 0; k < 3; k++)
            assert_int_equal(recv(shared[who].fd, &byte, 1, 0), 1);
        assert_true(recv(shared[!who].fd, &byte, 1, 0) < 0);
        got[who]++;
        close(fd);
    }
    assert_true(got[0] > 8 && got[1] > 8);
    udp_close(&shared[0]);
    udp_close(&shared[1]);
}

static void what_came_is_thrown_away(void **state)
{
    struct udp_options o = { .at = parsed("127.0.0.1", 0) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct udp_socket s;
    uint8_t bytes[8];

    (void)state;
    assert_int_equal(udp_open(&o, &s), 0);
    for (unsigned k = 0; k < 3; k++)
        assert_int_equal(sendto(fd, "old", 3, 0, &s.at.u.any, s.at.len), 3);
    udp_discard(&s);
    assert_int_equal(sendto(fd, "new", 3, 0, &s.at.u.any, s.at.len), 3);
    assert_int_equal(recv(s.fd, bytes, sizeof bytes, 0), 3);
    assert_memory_equal(bytes, "new", 3);
    close(fd);
    udp_close(&s);
}

static void adopted_socket_is_as_opened(void **state)
{
    struct net_address at = parsed("127.0.0.1", 0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct udp_socket s;
    int notudp[2];

    (void)state;
    assert_int_equal(bind(fd, &at.u.any, at.len), 0);
    assert_int_equal(udp_adopt(fd, false, &s), 0);
    assert_int_equal(s.fd, fd);
    assert_int_not_equal(net_address_port(&s.at), 0);
    assert_true(s.receive_buffer >= 4096);
    udp_close(&s);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, notudp), 0);
    assert_int_equal(udp_adopt(notudp[0], false, &s), -EAFNOSUPPORT);
    close(notudp[0]);
    close(notudp[1]);
}

static void a_socket_that_is_there_is_taken(void **state)
{
    struct net_address at = parsed("127.0.0.1", 0);
    struct udp_options o = { .at = parsed("127.0.0.2", 9) };
    struct udp_socket s;

    (void)state;
    o.fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(o.fd, &at.u.any, at.len), 0);
    assert_int_equal(udp_open(&o, &s), 0);
    assert_int_equal(s.fd, o.fd);
    at = parsed("127.0.0.1", net_address_port(&s.at));
    assert_true(net_address_equal(&s.at, &at));
    udp_close(&s);
}

/* Addresses of documentation (RFC 5737, RFC 3849), which no host has. */
static void an_address_that_is_not_here_yet_can_be_bound(void **state)
{
    static const char *const hosts[] = { "192.0.2.1", "2001:db8::1" };

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct udp_options o = { .at = parsed(hosts[i], 0) };
        struct udp_socket s;
        int err = udp_open(&o, &s);

        if (err == -EAFNOSUPPORT && i == 1)
            break; /* no IPv6 here */
        assert_int_equal(err, -EADDRNOTAVAIL);
        o.free_bind = true;
        assert_int_equal(udp_open(&o, &s), 0);
        udp_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_is_kept_and_ends),
        cmocka_unit_test(one_that_is_free_is_found),
        cmocka_unit_test(a_port_is_shared_by_its_first_socket),
        cmocka_unit_test(a_shared_port_is_dealt_out_by_peer),
        cmocka_unit_test(what_came_is_thrown_away),
        cmocka_unit_test(adopted_socket_is_as_opened),
        cmocka_unit_test(a_socket_that_is_there_is_taken),
        cmocka_unit_test(an_address_that_is_not_here_yet_can_be_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
