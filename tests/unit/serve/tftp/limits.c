/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/limits.h: loopback is the one route that every machine has. */
#include "serve/tftp/limits.h"

#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static uint32_t block(uint32_t most, uint32_t slack, uint32_t asked)
{
    struct net_route route = { -1, -1 };
    struct net_address peer;
    uint32_t size;

    assert_int_equal(net_route_open(&route), 0);
    assert_true(net_address_parse("127.0.0.1", 69, &peer));
    size = limits_blksize((struct limits_block){ most, slack }, &route, &peer, asked);
    net_route_close(&route);
    return size;
}

static void what_is_configured_goes_first(void **state)
{
    (void)state;
    assert_int_equal(block(600, 0, 65464), 600);
    assert_int_equal(block(600, 100, 65464), 600);
}

/* What every route carries needs no look at it, but for a slack it does. */
static void slack_is_taken_off_what_the_route_carries(void **state)
{
    uint32_t all = block(0, 0, 65464);

    (void)state;
    assert_int_equal(block(0, 0, 600), 1228);
    assert_true(all >= 1228);
    assert_true(block(0, 1000, 65464) < all);
    assert_int_equal(block(0, 1000, 65464) - block(0, 1500, 65464), 500);
    assert_int_equal(block(0, 1000, 600), block(0, 1000, 65464));
    assert_int_equal(block(0, 65464, 65464), 512);
}

static void a_window_has_the_smaller_limit(void **state)
{
    (void)state;
    assert_int_equal(limits_window_bytes(64, 0), 64 * 1500);
    assert_int_equal(limits_window_bytes(8, 0), 64 * 1500);
    assert_int_equal(limits_window_bytes(256, 4u << 20), 256 * 1500);
    assert_int_equal(limits_window_bytes(256, 5000), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_configured_goes_first),
        cmocka_unit_test(slack_is_taken_off_what_the_route_carries),
        cmocka_unit_test(a_window_has_the_smaller_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
