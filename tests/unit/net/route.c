/* SPDX-License-Identifier: MIT */
/* Tests of routes (net_route_open() of net/udp.h and its kin). */
#include "udp_pair.h"

static void routes_are_asked_again_and_again(void **state)
{
    struct net_address v4 = parsed("127.0.0.1", 69), v6 = parsed("::1", 69), from;
    struct net_address other = parsed("127.0.0.9", 69);
    struct net_route r;

    (void)state;
    assert_int_equal(net_route_open(&r), 0);
    assert_in_range(net_route_mtu(&r, &v4), 65535, 65536);
    assert_in_range(net_route_mtu(&r, &v6), 65535, 65536);
    assert_in_range(net_route_mtu(&r, &other), 65535, 65536);
    assert_int_equal(net_route_source(&r, &v4, &from), 0);
    assert_true(net_address_same_host(&from, &v4));
    assert_int_equal(net_address_port(&from), 0);
    net_route_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_are_asked_again_and_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
