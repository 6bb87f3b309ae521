/* SPDX-License-Identifier: MIT */
/* Tests of the counts of transfers (serve/tftp/policy_shares.h). */
#include "serve/tftp/policy_shares.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

enum { ROOM = 100 };

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
    return policy_shares_enter(s, &k, most) == POLICY_ENTERED;
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
        assert_true(policy_shares_open(&s, ROOM));
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
    assert_true(policy_shares_open(&s, ROOM));
    for (unsigned i = 0; i < 3 * ROOM; i++)
        assert_false(enters(&s, key(i, &prefix, "192.0.2.1"), 0));
    assert_true(enters(&s, key(0, &prefix, "192.0.2.1"), 1));
    policy_shares_free(&s);
}

static struct policy_share_key network(unsigned number)
{
    char host[64];

    snprintf(host, sizeof host, "%u.%u.%u.1", 10 + number / 65536, number / 256 % 256,
             number % 256);
    return key(0, &rest, host);
}

static void fill(struct policy_shares *s, unsigned room)
{
    struct policy_share_key one_more = network(room);

    for (unsigned i = 0; i < room; i++)
        assert_true(enters(s, network(i), 2));
    assert_int_equal(policy_shares_enter(s, &one_more, 2), POLICY_SHARES_FULL);
}

/* As many as the server may have of transfers (--max-transfers). */
static const unsigned rooms[] = { 1, 9, 16384, 70000 };

/* What is left is counted again, in any order, and none of it is lost. */
static void there_is_a_most_and_all_of_it_comes_back(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof rooms / sizeof *rooms; at++) {
        unsigned room = rooms[at];
        struct policy_share_key one_more = network(room);
        struct policy_share_key twice = network(room / 2);
        struct policy_shares s;

        policy_shares_init(&s);
        assert_true(policy_shares_open(&s, room));
        for (unsigned round = 0; round < 3; round++) {
            fill(&s, room);
            assert_true(enters(&s, twice, 2));
            assert_int_equal(policy_shares_enter(&s, &twice, 2), POLICY_SHARE_FULL);
            for (unsigned i = 0; i < room; i++) {
                struct policy_share_key k = network((unsigned)(i * 11ULL % room));

                policy_shares_leave(&s, &k);
            }
            policy_shares_leave(&s, &twice);
            assert_true(enters(&s, one_more, 2));
            policy_shares_leave(&s, &one_more);
        }
        policy_shares_free(&s);
    }
}

enum { TURNS = 20000 };

struct turns {
    struct policy_shares *shares;
    struct policy_share_key key;
    unsigned entered;
};

/* In and out, as a shard does. */
static void *take_turns(void *arg)
{
    struct turns *t = arg;

    for (unsigned i = 0; i < TURNS; i++)
        if (policy_shares_enter(t->shares, &t->key, 2) == POLICY_ENTERED) {
            t->entered++;
            policy_shares_leave(t->shares, &t->key);
        }
    return NULL;
}

/* Where two may be in, two threads always enter, and leave nothing behind. */
static void two_threads_count_together(void **state)
{
    struct policy_share_key one = key(1, &prefix, "192.0.2.1");
    struct policy_shares s;
    struct turns turns[2] = { { &s, one, 0 }, { &s, one, 0 } };
    pthread_t threads[2];

    (void)state;
    policy_shares_init(&s);
    assert_true(policy_shares_open(&s, 2));
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &turns[i]), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(turns[i].entered, TURNS);
    }
    assert_true(enters(&s, one, 2));
    assert_true(enters(&s, one, 2));
    assert_false(enters(&s, one, 2));
    policy_shares_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_follow_their_table),
        cmocka_unit_test(none_is_none),
        cmocka_unit_test(there_is_a_most_and_all_of_it_comes_back),
        cmocka_unit_test(two_threads_count_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
