/* SPDX-License-Identifier: MIT */
/* Tests of net/address.h. */
#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct net_address parsed(const char *host, uint16_t port)
{
    struct net_address a;

    if (!net_address_parse(host, port, &a))
        fail_msg("not an address: %s", host);
    return a;
}

static const struct {
    const char *host;
    const char *text; /* with port 69; NULL: not an address */
} texts[] = {
    { "127.0.0.1", "127.0.0.1:69" },
    { "::1", "[::1]:69" },
    { "fe80::1%lo", "[fe80::1%lo]:69" },
    { "fe80::1%1", "[fe80::1%lo]:69" },
    { "fe80::1%4000000", "[fe80::1%4000000]:69" }, /* no such interface (yet) */
    { "2001:db8:0:0:0:0:0:1", "[2001:db8::1]:69" },
    { "::ffff:192.0.2.1", "192.0.2.1:69" }, /* mapped: the IPv4 address itself */
    { "", NULL },
    { "localhost", NULL },
    { "127.0.0.1%lo", NULL },
    { "fe80::1%nosuchif", NULL },
    { "fe80::1%", NULL },
    { "fe80::1%99999999999", NULL },
    { "256.0.0.1", NULL },
    { "1.2.3", NULL },
    { "[::1]", NULL },
    { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL },
};

static void text_and_back(void **state)
{
    char text[NET_ADDRESS_TEXT];
    struct net_address a;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        bool ok = net_address_parse(texts[i].host, 69, &a);

        if (ok != (texts[i].text != NULL))
            fail_msg("%s", texts[i].host);
        if (ok)
            assert_string_equal(net_address_print(&a, text), texts[i].text);
    }
    assert_string_equal(net_address_print(&(struct net_address){ 0 }, text), "-");
}

enum { ANY = 1, MULTICAST = 2, BROADCAST = 4, LINK_LOCAL = 8 };

static const struct {
    const char *host;
    unsigned kinds;
} kinds[] = {
    { "0.0.0.0", ANY },
    { "::", ANY },
    { "127.0.0.1", 0 },
    { "127.255.255.254", 0 },
    { "128.0.0.1", 0 },
    { "::1", 0 },
    { "223.255.255.255", 0 },
    { "224.0.0.1", MULTICAST },
    { "239.255.255.255", MULTICAST },
    { "240.0.0.1", 0 },
    { "ff02::1", MULTICAST },
    { "255.255.255.255", BROADCAST },
    { "fe80::1", LINK_LOCAL },
    { "febf::1", LINK_LOCAL },
    { "fec0::1", 0 },
    { "2001:db8::1", 0 },
};

static void kinds_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct net_address a = parsed(kinds[i].host, 1);
        unsigned got = (net_address_is_any(&a) ? ANY : 0u) |
                       (net_address_is_multicast(&a) ? MULTICAST : 0u) |
                       (net_address_is_broadcast(&a) ? BROADCAST : 0u) |
                       (net_address_is_link_local(&a) ? LINK_LOCAL : 0u);

        if (got != kinds[i].kinds)
            fail_msg("%s: %u", kinds[i].host, got);
    }
}

static void equal_means_host_scope_and_port(void **state)
{
    struct net_address a = parsed("192.0.2.1", 7), b = a, none = { 0 };
    struct net_address l = parsed("fe80::1", 7), m = l;

    (void)state;
    assert_true(net_address_equal(&a, &b));
    net_address_set_port(&b, 8);
    assert_int_equal(net_address_port(&b), 8);
    assert_false(net_address_equal(&a, &b));
    assert_true(net_address_same_host(&a, &b));
    assert_false(net_address_same_host(&a, &l));
    assert_false(net_address_equal(&a, &none));
    assert_true(net_address_equal(&none, &none));
    assert_true(net_address_equal(&l, &m));
    m.u.v6.sin6_scope_id = 2;
    assert_false(net_address_same_host(&l, &m));
}

static void raw_and_back(void **state)
{
    static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
    struct net_address a = parsed("192.0.2.1", 0x1234);
    struct net_address l = parsed("fe80::1%lo", 69);
    struct net_raw raw = net_address_raw(&a);
    struct net_address back = net_address_from_raw(raw.ip, raw.scope, raw.port);

    (void)state;
    assert_memory_equal(raw.ip, mapped, 16);
    assert_int_equal(raw.port, 0x1234);
    assert_true(net_address_equal(&a, &back));
    raw = net_address_raw(&l);
    assert_int_equal(raw.scope, 1);
    back = net_address_from_raw(raw.ip, raw.scope, raw.port);
    assert_true(net_address_equal(&l, &back));
    assert_int_equal(back.u.v6.sin6_family, AF_INET6);
}

static void any_socket_address_and_back(void **state)
{
    struct net_address a = parsed("2001:db8::7", 7), back;
    struct kedge_address any = net_address_to(&a);

    (void)state;
    assert_true(net_address_from(&any, &back));
    assert_true(net_address_equal(&a, &back));
    any.len = 8; /* cut */
    assert_false(net_address_from(&any, &back));
    any.storage.ss_family = AF_UNIX;
    assert_false(net_address_from(&any, &back));
}

static void unix_addresses_print(void **state)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/a\nb" };
    struct kedge_address a = { .len = sizeof un };
    char text[KEDGE_ADDRESS_TEXT];

    (void)state;
    memcpy(&a.storage, &un, sizeof un);
    assert_string_equal(kedge_address_print(&a, text), "/a\\x0ab");
    assert_int_equal(kedge_address_port(&a), 0);
    a.len = 2;
    assert_string_equal(kedge_address_print(&a, text), "unnamed");
    memset(un.sun_path, 0xff, sizeof un.sun_path); /* a full one has no NUL */
    memcpy(&a.storage, &un, sizeof un);
    a.len = sizeof un;
    assert_int_equal(strlen(kedge_address_host(&a, text)), 4 * sizeof un.sun_path);
    memcpy(un.sun_path, "\0x\0y", 4);
    memcpy(&a.storage, &un, sizeof un);
    a.len = 2 + 4;
    assert_string_equal(kedge_address_print(&a, text), "@x\\x00y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(equal_means_host_scope_and_port),
        cmocka_unit_test(raw_and_back),
        cmocka_unit_test(any_socket_address_and_back),
        cmocka_unit_test(unix_addresses_print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
