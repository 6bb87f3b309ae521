/* SPDX-License-Identifier: MIT */
/* Tests of echo/runs.h: a server's answers to probes that ask. */
#include "echo/runs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct runs runs;
static uint8_t payload[EXTENDED_SIZE + 1];

static int begin(void **state)
{
    const uint8_t key[COOKIE_KEY] = { 42 };

    (void)state;
    runs_init(&runs, key);
    return 0;
}

static struct runs_probe from(const char *peer)
{
    return (struct runs_probe){ .peer = span_of(peer),
                                .port = 99,
                                .now = 5 * COOKIE_LIFE,
                                .answered_ns = 1500,
                                .in = { .ttl = 64, .received_ns = 1000 } };
}

static void put_ask(uint16_t run, uint64_t sequence, uint64_t cookie)
{
    struct writer w = { .ptr = payload, .room = EXTENDED_SIZE };
    struct stamp s = { STAMP_ASKS, run, sequence, 7 };

    stamp_put(&w, &s);
    extension_put(&w,
                  &(struct probe_extension){ .kind = EXTENSION_ASK, .cookie = cookie });
    payload[EXTENDED_SIZE] = 0x5a;
}

/* The answer to a probe; what stands behind the mark stays as it was. */
static struct probe_extension asked(const struct runs_probe *p, uint16_t run,
                                    uint64_t sequence, uint64_t cookie)
{
    struct stamp s = { 0 };
    struct probe_extension m;

    put_ask(run, sequence, cookie);
    (void)runs_answer(&runs, p, payload);
    assert_int_equal(payload[EXTENDED_SIZE], 0x5a);
    assert_true(stamp_parse((struct kedge_span){ payload, EXTENDED_SIZE }, &s));
    assert_int_equal(s.flags, STAMP_ASKS | STAMP_REPLY);
    assert_int_equal(s.run, run);
    assert_int_equal(s.sequence, sequence);
    assert_int_equal(s.sent_ns, 7);
    assert_true(extension_parse((struct kedge_span){ payload, EXTENDED_SIZE }, &m));
    return m;
}

static uint64_t cookie_for(const struct runs_probe *p)
{
    return asked(p, 1, 0, 0).cookie;
}

static void first_a_token_then_a_report(void **state)
{
    struct runs_probe p = from("a");
    struct probe_extension m = asked(&p, 1, 0, 0);

    (void)state;
    assert_int_equal(m.kind, EXTENSION_TOKEN);
    assert_int_equal(m.port, 99);
    assert_int_equal(runs.validated, 0);
    m = asked(&p, 1, 5, m.cookie);
    assert_int_equal(m.kind, EXTENSION_REPORT);
    assert_int_equal(m.report.seen, 1);
    assert_int_equal(m.report.highest, 5);
    assert_int_equal(m.report.ttl, 64);
    assert_int_equal(m.report.held_ns, 500);
    assert_int_equal(runs.validated, 1);
}

static void anothers_token_proves_nothing(void **state)
{
    struct runs_probe a = from("a"), b = from("b");

    (void)state;
    assert_int_equal(asked(&b, 1, 1, cookie_for(&a)).kind, EXTENSION_TOKEN);
    assert_int_equal(runs.validated, 0);
}

static void a_run_that_is_remembered_keeps_its_token(void **state)
{
    struct runs_probe p = from("a");
    uint64_t cookie = cookie_for(&p);

    (void)state;
    assert_int_equal(asked(&p, 1, 1, cookie).kind, EXTENSION_REPORT);
    p.now += 9 * COOKIE_LIFE;
    assert_int_equal(asked(&p, 1, 2, cookie).report.seen, 2);
    assert_int_equal(asked(&p, 2, 2, cookie).kind,
                     EXTENSION_TOKEN); /* another run: not */
}

static void each_probe_is_counted_once(void **state)
{
    static const struct {
        uint64_t sequence;
        uint32_t seen, highest;
    } script[] = {
        { 10, 1, 10 },     { 10, 1, 10 },
        { 12, 2, 12 },     { 11, 3, 12 },
        { 11, 3, 12 },     { 12, 3, 12 },
        { 5000, 4, 5000 }, { 4999, 5, 5000 },
        { 4999, 5, 5000 }, { 5001, 6, 5001 },
        { 5000, 6, 5001 }, { 5001 + RUNS_WINDOW, 7, 5001 + RUNS_WINDOW },
    };
    struct runs_probe p = from("a");
    uint64_t cookie = cookie_for(&p);

    (void)state;
    for (size_t i = 0; i < sizeof script / sizeof *script; i++) {
        struct probe_extension m = asked(&p, 1, script[i].sequence, cookie);

        assert_int_equal(m.report.seen, script[i].seen);
        assert_int_equal(m.report.highest, script[i].highest);
    }
}

static void drops_and_refusals_count_from_the_run_on(void **state)
{
    struct runs_probe p = from("a"), stranger = from("b");
    uint64_t cookie = cookie_for(&p);
    struct probe_extension m;

    (void)state;
    p.dropped = 100;
    m = asked(&p, 1, 0, cookie);
    assert_int_equal(m.report.dropped, 0);
    p.dropped = 103;
    put_ask(1, 1, cookie);
    runs_refused(&runs, &p, (struct kedge_span){ payload, EXTENDED_SIZE });
    runs_refused(&runs, &stranger, (struct kedge_span){ payload, EXTENDED_SIZE });
    put_ask(1, 1, cookie ^ 1);
    runs_refused(&runs, &p, (struct kedge_span){ payload, EXTENDED_SIZE });
    m = asked(&p, 1, 2, cookie);
    assert_int_equal(m.report.dropped, 3);
    assert_int_equal(m.report.refused, 1);
}

/* A plain probe, and one that is an answer already: not written over, and no run is made. */
static void what_does_not_ask_is_left_alone(void **state)
{
    static const uint8_t flags[] = { 0, STAMP_ASKS | STAMP_REPLY };
    struct runs_probe p = from("a");
    uint64_t cookie = cookie_for(&p);
    struct probe_extension m = asked(&p, 1, 0, cookie);

    (void)state;
    for (size_t i = 0; i < sizeof flags; i++) {
        struct writer w = { .ptr = payload, .room = STAMP_SIZE };
        struct stamp s = { flags[i], 1, 1, 7 };
        uint8_t before[EXTENDED_SIZE];

        put_ask(1, 1, cookie);
        stamp_put(&w, &s);
        memcpy(before, payload, sizeof before);
        assert_false(runs_answer(&runs, &p, payload));
        assert_memory_equal(before, payload, sizeof before);
        runs_refused(&runs, &p, (struct kedge_span){ payload, EXTENDED_SIZE });
    }
    m = asked(&p, 1, 2, cookie);
    assert_int_equal(m.report.seen, 2);
    assert_int_equal(m.report.refused, 0);
    assert_int_equal(runs.validated, 1);
}

/* More runs than there is room for: each is still answered, and the last are known. */
static void the_memory_is_bounded(void **state)
{
    struct runs_probe p = from("a");
    uint64_t cookie = cookie_for(&p);

    (void)state;
    for (uint16_t run = 0; run < 5 * RUNS_MAX; run++) {
        p.now++;
        assert_int_equal(asked(&p, run, 0, cookie).report.seen, 1);
        assert_int_equal(asked(&p, run, 1, cookie).report.seen, 2);
    }
    assert_int_equal(asked(&p, 5 * RUNS_MAX - 1, 2, cookie).report.seen, 3);
    assert_int_equal(asked(&p, 0, 2, cookie).report.seen, 1); /* forgotten */
}

static void a_long_hold_and_a_clock_set_back_have_bounds(void **state)
{
    struct runs_probe p = from("a");
    uint64_t cookie = cookie_for(&p);

    (void)state;
    p.answered_ns = 999;
    assert_int_equal(asked(&p, 1, 0, cookie).report.held_ns, 0);
    p.answered_ns = 1000 + (uint64_t)UINT32_MAX + 5;
    assert_int_equal(asked(&p, 1, 1, cookie).report.held_ns, UINT32_MAX);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_a_token_then_a_report),
        TEST(anothers_token_proves_nothing),
        TEST(a_run_that_is_remembered_keeps_its_token),
        TEST(each_probe_is_counted_once),
        TEST(drops_and_refusals_count_from_the_run_on),
        TEST(what_does_not_ask_is_left_alone),
        TEST(the_memory_is_bounded),
        TEST(a_long_hold_and_a_clock_set_back_have_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
