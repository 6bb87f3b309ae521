/* SPDX-License-Identifier: MIT */
/* Tests of echo/loop_guard.h. */
#include "echo/loop_guard.h"

#include "echo/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct guard *guard_new(const char *own_text)
{
    struct guard *g = malloc(sizeof *g);

    assert_non_null(g);
    guard_init(g, 42, span_of(own_text));
    guard_own_port(g, 7007);
    guard_own_port(g, 65535);
    return g;
}

static struct guard_datagram from(const char *peer, int32_t port, const char *payload)
{
    return (struct guard_datagram){ .peer = span_of(peer),
                                    .port = port,
                                    .payload = span_of(payload) };
}

static enum guard_verdict check(struct guard *g, struct guard_datagram d, kedge_nanos now)
{
    return guard_check(g, &d, now);
}

static const struct {
    int32_t port;
    enum guard_verdict want;
} ports[] = {
    { 0, GUARD_PORT },    { 1, GUARD_ANSWER },    { 7, GUARD_PORT },
    { 13, GUARD_PORT },   { 17, GUARD_PORT },     { 18, GUARD_ANSWER },
    { 19, GUARD_PORT },   { 37, GUARD_PORT },     { 53, GUARD_PORT },
    { 69, GUARD_PORT },   { 111, GUARD_PORT },    { 123, GUARD_PORT },
    { 137, GUARD_PORT },  { 161, GUARD_PORT },    { 389, GUARD_PORT },
    { 1900, GUARD_PORT }, { 2049, GUARD_PORT },   { 7006, GUARD_ANSWER },
    { 7007, GUARD_OWN },  { 7008, GUARD_ANSWER }, { 65534, GUARD_ANSWER },
    { 65535, GUARD_OWN }, { -1, GUARD_ANSWER },   { 40000, GUARD_ANSWER },
};

static void ports_that_answer_are_left_alone(void **state)
{
    struct guard *g = guard_new("");

    (void)state;
    for (size_t i = 0; i < COUNT(ports); i++)
        if (check(g, from("a", ports[i].port, "x"), 0) != ports[i].want)
            fail_msg("port %d", (int)ports[i].port);
    assert_int_equal(g->counts[GUARD_PORT], 15);
    assert_int_equal(g->counts[GUARD_OWN], 2);
    assert_int_equal(guard_refused(g), 17);
    free(g);
}

static void spread_is_not_answered(void **state)
{
    struct guard *g = guard_new("");
    struct guard_datagram d = from("a", 40000, "x");

    (void)state;
    d.to_broadcast = true;
    assert_int_equal(guard_check(g, &d, 0), GUARD_TO_BROADCAST);
    assert_int_equal(g->counts[GUARD_TO_BROADCAST], 1);
    free(g);
}

static void own_text_is_not_answered(void **state)
{
    struct guard *g = guard_new("Hello UDP Client");

    (void)state;
    assert_int_equal(check(g, from("a", 40000, "Hello UDP Client"), 0), GUARD_TEXT);
    assert_int_equal(check(g, from("a", 40000, "Hello UDP Client!"), 0), GUARD_ANSWER);
    assert_int_equal(check(g, from("a", 40000, ""), 0), GUARD_ANSWER);
    free(g);
    g = guard_new(""); /* an echo says nothing by itself: an empty datagram is answered */
    assert_int_equal(check(g, from("a", 40000, ""), 0), GUARD_ANSWER);
    free(g);
}

/* What a server has marked as its answer is none's question. A plain probe that comes back
 * so (bit 0 of its flags alone) may be another program's bytes: it is answered. */
static void an_answer_of_kedge_is_not_answered(void **state)
{
    static const struct {
        uint8_t flags;
        enum guard_verdict want;
    } all[] = {
        { 0, GUARD_ANSWER },
        { STAMP_ASKS, GUARD_ANSWER },
        { STAMP_REPLY, GUARD_ANSWER },
        { STAMP_REPLY | STAMP_ASKS, GUARD_REPLY },
    };
    struct guard *g = guard_new("");

    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        struct stamp s = { all[i].flags, 1, 2, 3 };
        uint8_t bytes[STAMP_SIZE];
        struct writer w = { .ptr = bytes, .room = sizeof bytes };
        struct guard_datagram d = from("a", 40000, "");

        stamp_put(&w, &s);
        d.payload = written(&w);
        if (guard_check(g, &d, 0) != all[i].want)
            fail_msg("flags %u", all[i].flags);
    }
    assert_int_equal(g->counts[GUARD_REPLY], 1);
    free(g);
}

/* How many answers a loop gets whose round takes so long, until one is missing. */
static unsigned rounds(struct guard *g, kedge_nanos start, kedge_nanos round,
                       unsigned most)
{
    unsigned n = 0;

    while (n < most && check(g, from("a", 40000, "x"), start + n * round) == GUARD_ANSWER)
        n++;
    return n;
}

static const struct {
    kedge_nanos round;
    unsigned want; /* of at most 1000 */
} loops[] = {
    { 0, 64 },
    { KEDGE_USEC, 64 },
    { 15 * KEDGE_MSEC, 64 },
    { KEDGE_SEC / 65, 64 },
    { KEDGE_SEC / 64 + 1, 1000 }, /* 64 a second are no loop */
    { KEDGE_SEC, 1000 },
};

static void loop_dies_of_one_missing_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(loops); i++) {
        struct guard *g = guard_new("");

        if (rounds(g, 5, loops[i].round, 1000) != loops[i].want)
            fail_msg("loop %zu", i);
        assert_int_equal(g->counts[GUARD_LOOP], loops[i].want == 64 ? 1 : 0);
        free(g);
    }
}

/* An honest client that sends the same 1,000 times a second loses one a second. */
static void sameness_costs_one_answer_a_second(void **state)
{
    struct guard *g = guard_new("");

    (void)state;
    for (unsigned ms = 0; ms < 10000; ms++)
        (void)check(g, from("a", 40000, "x"), 1000 + ms * KEDGE_MSEC);
    assert_in_range(g->counts[GUARD_LOOP], 9, 10);
    assert_int_equal(g->counts[GUARD_LOOP] + g->counts[GUARD_ANSWER], 10000);
    free(g);
}

static void missing_answers_lie_a_second_apart(void **state)
{
    struct guard *g = guard_new("");
    kedge_nanos last = 0;

    (void)state;
    for (kedge_nanos t = 0; t < 5 * KEDGE_SEC; t += KEDGE_MSEC) {
        if (check(g, from("a", 40000, "x"), 1 + t) != GUARD_LOOP)
            continue;
        if (last > 0)
            assert_true(t - last >= KEDGE_SEC);
        last = t;
    }
    assert_true(last > 0);
    free(g);
}

/* Another payload or another peer is another pair: none of them ever is the same. */
static void different_ones_are_all_answered(void **state)
{
    struct guard *g = guard_new("");

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        uint8_t text[4] = { (uint8_t)i, (uint8_t)(i >> 8), 0, 0 };
        struct guard_datagram d = { .peer = { text, 4 }, .port = 40000 };

        assert_int_equal(guard_check(g, &d, 0), GUARD_ANSWER);
        d = from("a", 40000, "");
        d.payload = (struct kedge_span){ text, 3 };
        assert_int_equal(guard_check(g, &d, 0), GUARD_ANSWER);
    }
    free(g);
}

/* Loops of two payloads side by side, and of a peer and a payload that swap a byte. */
static void several_loops_die_each(void **state)
{
    static const struct {
        const char *peer, *payload;
    } all[] = { { "a", "x" }, { "a", "y" }, { "ax", "" }, { "b", "x" } };
    struct guard *g = guard_new("");

    (void)state;
    for (unsigned n = 0; n < 64; n++)
        for (size_t i = 0; i < COUNT(all); i++)
            assert_int_equal(check(g, from(all[i].peer, 40000, all[i].payload), n),
                             GUARD_ANSWER);
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(check(g, from(all[i].peer, 40000, all[i].payload), 64),
                         GUARD_LOOP);
    free(g);
}

/* Every byte of a payload of any length tells: from a heap block of just its size. */
static void every_byte_counts(void **state)
{
    (void)state;
    for (size_t len = 1; len < 80; len++) {
        struct guard *g = guard_new("");
        uint8_t *bytes = calloc(1, len);
        struct guard_datagram d = { .port = 40000, .payload = { bytes, len } };

        assert_non_null(bytes);
        for (unsigned n = 0; n < 64; n++)
            assert_int_equal(guard_check(g, &d, 0), GUARD_ANSWER);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = 1;
            assert_int_equal(guard_check(g, &d, 0), GUARD_ANSWER);
            bytes[i] = 0;
        }
        assert_int_equal(guard_check(g, &d, 0), GUARD_LOOP);
        free(bytes);
        free(g);
    }
}

/* While 100,000 others pass, a loop may be forgotten; when they have gone, it dies. */
static void flood_only_delays(void **state)
{
    struct guard *g = guard_new("");

    (void)state;
    for (uint32_t i = 0; i < 100000; i++) {
        struct guard_datagram d = { .peer = { (const uint8_t *)&i, sizeof i },
                                    .port = 40000 };

        assert_int_equal(guard_check(g, &d, i), GUARD_ANSWER);
    }
    assert_true(rounds(g, 100000, 1, 1000) <= 64);
    free(g);
}

static void verdicts_have_words(void **state)
{
    (void)state;
    for (int v = 0; v < GUARD_VERDICTS; v++)
        assert_true(strlen(guard_word((enum guard_verdict)v)) > 3);
}

/* To look first changes no verdict, whichever of the two a datagram comes by. */
static void looking_first_is_the_same(void **state)
{
    struct guard *g = guard_new("");
    struct guard_datagram d = from("peer", 40000, "again and again");

    (void)state;
    for (int i = 0; i < GUARD_SAME; i++) {
        d.mark = i % 2 ? guard_look(g, &d) : 0;
        assert_int_equal(check(g, d, 5), GUARD_ANSWER);
    }
    d.mark = guard_look(g, &d);
    assert_int_equal(check(g, d, 6), GUARD_LOOP);
    d = from("peer", 40000, "another");
    d.mark = guard_look(g, &d);
    assert_int_equal(check(g, d, 6), GUARD_ANSWER);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_that_answer_are_left_alone),
        cmocka_unit_test(spread_is_not_answered),
        cmocka_unit_test(own_text_is_not_answered),
        cmocka_unit_test(an_answer_of_kedge_is_not_answered),
        cmocka_unit_test(loop_dies_of_one_missing_answer),
        cmocka_unit_test(sameness_costs_one_answer_a_second),
        cmocka_unit_test(missing_answers_lie_a_second_apart),
        cmocka_unit_test(different_ones_are_all_answered),
        cmocka_unit_test(several_loops_die_each),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(flood_only_delays),
        cmocka_unit_test(verdicts_have_words),
        cmocka_unit_test(looking_first_is_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
