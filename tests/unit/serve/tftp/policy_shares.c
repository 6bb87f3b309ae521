/* SPDX-License-Identifier: MIT */
/* Tests of the counts of transfers (serve/tftp/policy_shares.h). */
#include "serve/tftp/policy_shares.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

static const struct policy_section rest = { .kind = POLICY_DEFAULT };
static const struct policy_section prefix = { .kind = POLICY_CLIENT,
                                              .match = { .kind = POLICY_ADDRESS } };

static struct policy_share_key key(uint32_t number, const struct policy_section *s,
                                   const char *host)
{
    struct net_address client;

    assert_true(net_address_parse(host, 3000, &client));
    return policy_share_key(number, s, &client);
}

static bool enters(struct policy_shares *s, struct policy_share_key k, uint64_t most)
{
    return policy_shares_enter(s, &k, most);
}

/* Whether a second client of the section is refused where one may run. */
static const struct {
    const struct policy_section *section;
    const char *first, *second;
    bool shared;
} pairs[] = {
    { &rest, "192.0.2.1", "192.0.2.1", true },
    { &rest, "192.0.2.1", "192.0.2.254", true },
    { &rest, "192.0.2.1", "192.0.3.1", false },
    { &rest, "192.0.2.1", "2001:db8::1", false },
    { &rest, "2001:db8::1", "2001:db8:0:ff::9", true },
    { &rest, "2001:db8::1", "2001:db8:0:100::1", false },
    { &prefix, "192.0.2.1", "192.0.3.1", true },
    { &prefix, "2001:db8::1", "2001:db8:0:100::1", true },
};

static void networks_follow_their_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct policy_share_key first = key(3, pairs[i].section, pairs[i].first);
        struct policy_share_key second = key(3, pairs[i].section, pairs[i].second);
        struct policy_shares s;

        policy_shares_init(&s);
        assert_true(policy_shares_open(&s));
        assert_true(enters(&s, first, 1));
        assert_int_equal(enters(&s, second, 1), !pairs[i].shared);
        assert_true(enters(&s, key(4, pairs[i].section, pairs[i].second), 1));
        policy_shares_leave(&s, &first);
        assert_true(enters(&s, first, 1));
        policy_shares_free(&s);
    }
}

static void none_is_none(void **state)
{
    struct policy_shares s;

    (void)state;
    policy_shares_init(&s);
    assert_true(policy_shares_open(&s));
    for (unsigned i = 0; i < 3 * POLICY_SHARES_MAX; i++)
        assert_false(enters(&s, key(i, &prefix, "192.0.2.1"), 0));
    assert_true(enters(&s, key(0, &prefix, "192.0.2.1"), 1));
    policy_shares_free(&s);
}

static struct policy_share_key network(unsigned number)
{
    char host[64];

    snprintf(host, sizeof host, "10.%u.%u.1", number / 256, number % 256);
    return key(0, &rest, host);
}

/* What is left is counted again, in any order, and none of it is lost. */
static void there_is_a_most_and_all_of_it_comes_back(void **state)
{
    struct policy_share_key one_more = network(POLICY_SHARES_MAX);
    struct policy_share_key twice = network(7);
    struct policy_shares s;

    (void)state;
    policy_shares_init(&s);
    assert_true(policy_shares_open(&s));
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < POLICY_SHARES_MAX; i++)
            assert_true(enters(&s, network(i), 2));
        assert_false(enters(&s, one_more, 2));
        assert_true(enters(&s, twice, 2));
        assert_false(enters(&s, twice, 2));
        for (unsigned i = 0; i < POLICY_SHARES_MAX; i++) {
            struct policy_share_key k = network(i * 5 % POLICY_SHARES_MAX);

            policy_shares_leave(&s, &k);
        }
        policy_shares_leave(&s, &twice);
        assert_true(enters(&s, one_more, 2));
        policy_shares_leave(&s, &one_more);
    }
    policy_shares_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_follow_their_table),
        cmocka_unit_test(none_is_none),
        cmocka_unit_test(there_is_a_most_and_all_of_it_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
