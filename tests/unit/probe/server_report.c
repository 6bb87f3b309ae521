/* SPDX-License-Identifier: MIT */
/* Tests of probe/server_report.h: from what a server says to which way a probe was lost. */
#include "probe/server_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct peer peer;

static int begin(void **state)
{
    (void)state;
    peer = (struct peer){ .asks = true };
    return 0;
}

static int end(void **state)
{
    (void)state;
    histogram_free(&peer.held);
    return 0;
}

static void cookie(uint64_t value, uint64_t sequence, uint64_t next)
{
    peer_took(&peer,
              &(struct probe_extension){ .kind = EXTENSION_TOKEN, .cookie = value },
              &(struct peer_answer){ sequence, next, 0, true });
}

static void report(uint64_t sequence, uint32_t seen, uint32_t highest)
{
    peer_took(&peer,
              &(struct probe_extension){ .kind = EXTENSION_REPORT,
                                         .report = { .kernel = true,
                                                     .seen = seen,
                                                     .highest = highest,
                                                     .held_ns = 5 } },
              &(struct peer_answer){ sequence, sequence + 1, 0, true });
}

static void expect(uint64_t lost, uint64_t going, uint64_t coming, uint64_t unknown)
{
    struct peer_losses l = peer_losses(&peer, lost, 0);

    assert_int_equal(l.going, going);
    assert_int_equal(l.coming, coming);
    assert_int_equal(l.unknown, unknown);
}

static void cookie_for_port(uint64_t value, uint16_t port)
{
    peer_took(&peer,
              &(struct probe_extension){
                  .kind = EXTENSION_TOKEN, .cookie = value, .port = port },
              &(struct peer_answer){ 1, 2, 0, true });
}

/* The server's cookie is of the address that it sees: a NAT or this host may change that. */
static void another_address_of_ours_is_no_restart(void **state)
{
    (void)state;
    cookie_for_port(9, 1001);
    cookie_for_port(10, 1002);
    assert_int_equal(peer.restarts, 0);
    cookie_for_port(11, 1002);
    assert_int_equal(peer.restarts, 1);
}

static void a_plain_echo_tells_nothing(void **state)
{
    (void)state;
    expect(7, 0, 0, 7);
}

/* The token came with probe 0 when 2 was the next; 3 was lost going, 5 coming back. */
static void each_way_has_its_losses(void **state)
{
    (void)state;
    cookie(9, 0, 2);
    report(2, 1, 2);
    report(4, 2, 4);
    report(6, 4, 6);
    expect(2, 1, 1, 0);
    assert_int_equal(peer.reports, 3);
    assert_int_equal(peer.held.count, 3);
}

static void what_follows_the_last_word_is_not_known(void **state)
{
    (void)state;
    cookie(9, 0, 1);
    report(1, 1, 1);
    expect(3, 0, 0, 3);
}

/* 3 overtook 2 on the way there, and its answer the other on the way back. */
static void order_does_not_matter(void **state)
{
    (void)state;
    cookie(9, 0, 2);
    report(3, 1, 3);
    report(2, 2, 3);
    expect(0, 0, 0, 0);
    assert_int_equal(peer.now.seen, 2);
    cookie(9, 1, 4); /* the answer to one that left before the token came */
    report(5, 4, 5);
    report(4, 3, 4);
    expect(0, 0, 0, 0);
    assert_int_equal(peer.now.answered, 4);
    assert_int_equal(peer.restarts, 0);
}

static void probes_that_never_left_are_not_lost_going(void **state)
{
    (void)state;
    cookie(9, 0, 1);
    report(1, 1, 1);
    peer_took(&peer,
              &(struct probe_extension){ .kind = EXTENSION_REPORT,
                                         .report = { .seen = 2, .highest = 9 } },
              &(struct peer_answer){ 9, 10, 5, true });
    assert_int_equal(peer_losses(&peer, 2, 5).going, 2);
}

static void a_server_that_was_started_again_counts_anew(void **state)
{
    (void)state;
    cookie(9, 0, 1);
    report(1, 1, 1);
    report(3, 2, 3); /* 2 was lost going */
    cookie(10, 5, 7);
    assert_int_equal(peer.restarts, 1);
    report(7, 1, 7);
    report(9, 3, 9); /* 8 was lost coming back */
    expect(5, 1, 1, 3);
    report(12, 1, 12); /* it forgot this run alone */
    assert_int_equal(peer.restarts, 2);
    report(13, 2, 13);
    expect(5, 1, 1, 3);
}

static void a_duplicate_is_no_second_answer(void **state)
{
    (void)state;
    cookie(9, 0, 1);
    report(1, 1, 1);
    peer_took(&peer,
              &(struct probe_extension){ .kind = EXTENSION_REPORT,
                                         .report = { .seen = 1, .highest = 1 } },
              &(struct peer_answer){ 1, 2, 0, false });
    assert_int_equal(peer.now.answered, 1);
}

static void sequences_pass_32_bits(void **state)
{
    uint64_t base = (uint64_t)1 << 32;

    (void)state;
    cookie(9, base - 3, base - 2);
    report(base - 2, 1, UINT32_MAX - 1);
    report(base - 1, 3, 0);
    assert_int_equal(peer.now.highest, base);
    report(base, 3, 0);
    expect(0, 0, 0, 0);
    assert_int_equal(peer.restarts, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_echo_tells_nothing),
        TEST(another_address_of_ours_is_no_restart),
        TEST(each_way_has_its_losses),
        TEST(what_follows_the_last_word_is_not_known),
        TEST(order_does_not_matter),
        TEST(probes_that_never_left_are_not_lost_going),
        TEST(a_server_that_was_started_again_counts_anew),
        TEST(a_duplicate_is_no_second_answer),
        TEST(sequences_pass_32_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
