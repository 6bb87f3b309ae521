/* SPDX-License-Identifier: MIT */
/* Tests of probe/stall.h and probe/own_lateness.h: a peer with a round trip of 1 ms that
 * is asked every millisecond. */
#include "probe/own_lateness.h"
#include "probe/stall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS KEDGE_MSEC

static void reply(struct stalls *s, kedge_nanos sent, kedge_nanos now)
{
    stalls_reply(s, &(struct stall_reply){ .sent = sent, .now = now, .rtt_min = MS });
}

/* Probes of [from, to) are answered in the usual time. */
static void usual(struct stalls *s, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        reply(s, i * MS, (i + 1) * MS);
}

static void a_stall_has_its_time_and_its_probes(void **state)
{
    struct stalls s;

    (void)state;
    stalls_init(&s, MS);
    usual(&s, 100, 200);
    for (uint64_t i = 200; i < 500; i++)
        reply(&s, i * MS, 500 * MS + i);
    usual(&s, 501, 600);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.longest.from, 201 * MS); /* when the first was due */
    assert_int_equal(s.longest.to, 500 * MS + 200);
    assert_int_equal(s.longest.waited, 300);
}

static void the_longest_is_kept(void **state)
{
    struct stalls s;

    (void)state;
    stalls_init(&s, MS);
    usual(&s, 100, 200);
    for (uint64_t i = 200; i < 250; i++)
        reply(&s, i * MS, 250 * MS);
    usual(&s, 250, 300);
    for (uint64_t i = 300; i < 320; i++)
        reply(&s, i * MS, 320 * MS);
    usual(&s, 320, 330);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.longest.waited, 50);
}

static void loss_is_no_stall(void **state)
{
    struct stalls s;

    (void)state;
    stalls_init(&s, MS);
    usual(&s, 100, 200);
    usual(&s, 400, 500); /* 200 in a row are lost, and the next are as quick as ever */
    assert_int_equal(s.count, 0);
}

static void a_slow_path_is_no_stall(void **state)
{
    struct stalls s;

    (void)state;
    stalls_init(&s, MS);
    for (uint64_t i = 100; i < 500; i++)
        stalls_reply(&s, &(struct stall_reply){ .sent = i * MS,
                                                .now = (i + 300) * MS,
                                                .rtt_min = 300 * MS });
    assert_int_equal(s.count, 0);
}

static void one_slow_answer_is_no_stall(void **state)
{
    struct stalls s;

    (void)state;
    stalls_init(&s, MS);
    usual(&s, 100, 200);
    reply(&s, 200 * MS, 250 * MS);
    usual(&s, 250, 300);
    assert_int_equal(s.count, 0);
}

static void standing_still_oneself_is_no_stall_of_the_peer(void **state)
{
    struct stalls s;

    (void)state;
    stalls_init(&s, MS);
    usual(&s, 100, 200);
    for (uint64_t i = 200; i < 300; i++)
        stalls_reply(&s, &(struct stall_reply){ .sent = i * MS,
                                                .now = 300 * MS,
                                                .rtt_min = MS,
                                                .self_from = 201 * MS,
                                                .self_until = 300 * MS });
    assert_int_equal(s.count, 0);
    usual(&s, 300, 400);
    /* A short one of our own does not hide a long one of the peer. */
    for (uint64_t i = 400; i < 500; i++)
        stalls_reply(&s, &(struct stall_reply){ .sent = i * MS,
                                                .now = 500 * MS,
                                                .rtt_min = MS,
                                                .self_from = 420 * MS,
                                                .self_until = 430 * MS });
    assert_int_equal(s.count, 1);
}

static void short_ones_and_rare_probes_are_not_judged(void **state)
{
    struct stalls s;

    (void)state;
    stalls_init(&s, KEDGE_SEC);
    assert_int_equal(s.least, 4 * KEDGE_SEC);
    stalls_init(&s, KEDGE_NEVER);
    assert_true(s.least == KEDGE_NEVER);
    stalls_init(&s, 1);
    assert_int_equal(s.least, STALL_LEAST);
}

/* The link was down: probes waited here for the neighbour's address. */
static void waiting_here_is_no_stall_of_the_peer(void **state)
{
    struct stalls s;

    (void)state;
    stalls_init(&s, MS);
    usual(&s, 100, 200);
    for (uint64_t i = 200; i < 300; i++)
        stalls_reply(&s, &(struct stall_reply){ .sent = i * MS,
                                                .now = 300 * MS + i,
                                                .rtt_min = MS,
                                                .held_here = (299 - i) * MS + MS / 2 });
    assert_int_equal(s.count, 0);
}

static void lateness_is_counted_once(void **state)
{
    struct own_lateness s = { .due = 100 * MS };

    (void)state;
    own_lateness_awake(&s, 99 * MS);
    own_lateness_awake(&s, 101 * MS - 1);
    assert_int_equal(s.late_until, 0);
    own_lateness_awake(&s, 150 * MS);
    own_lateness_awake(&s, 150 * MS);
    assert_int_equal(s.times, 1);
    assert_int_equal(s.worst, 50 * MS);
    assert_int_equal(s.late_from, 100 * MS);
    assert_int_equal(s.late_until, 150 * MS);
    s.due = KEDGE_NEVER;
    own_lateness_awake(&s, 999 * MS);
    assert_int_equal(s.times, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stall_has_its_time_and_its_probes),
        cmocka_unit_test(the_longest_is_kept),
        cmocka_unit_test(loss_is_no_stall),
        cmocka_unit_test(a_slow_path_is_no_stall),
        cmocka_unit_test(one_slow_answer_is_no_stall),
        cmocka_unit_test(standing_still_oneself_is_no_stall_of_the_peer),
        cmocka_unit_test(short_ones_and_rare_probes_are_not_judged),
        cmocka_unit_test(waiting_here_is_no_stall_of_the_peer),
        cmocka_unit_test(lateness_is_counted_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
