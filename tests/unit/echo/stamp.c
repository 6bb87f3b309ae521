/* SPDX-License-Identifier: MIT */
/* Tests of echo/stamp.h. */
#include "echo/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t wire[STAMP_SIZE] = {
    'k',  'e',  'd',  'g',  1,    2,    0x12, 0x34, 0x01, 0x02, 0x03, 0x04,
    0x05, 0x06, 0x07, 0x08, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
};

static const struct stamp value = { STAMP_ASKS, 0x1234, 0x0102030405060708,
                                    0xf1f2f3f4f5f6f7f8 };

static void lies_on_the_wire_as_documented(void **state)
{
    uint8_t out[STAMP_SIZE + 1] = { 0 };
    struct writer w = { .ptr = out, .room = sizeof out };

    (void)state;
    stamp_put(&w, &value);
    assert_false(w.bad);
    assert_int_equal(w.len, STAMP_SIZE);
    assert_memory_equal(out, wire, STAMP_SIZE);
    assert_int_equal(out[STAMP_SIZE], 0);
}

static void is_read_back_from_the_front_of_a_payload(void **state)
{
    uint8_t payload[64] = { 0 };
    struct stamp s = { 0 };

    (void)state;
    memcpy(payload, wire, sizeof wire);
    assert_true(stamp_parse((struct kedge_span){ payload, sizeof payload }, &s));
    assert_int_equal(s.flags, value.flags);
    assert_int_equal(s.run, value.run);
    assert_true(s.sequence == value.sequence);
    assert_true(s.sent_ns == value.sent_ns);
}

/* Every prefix from a heap block of just its size: a byte too far is a fault. */
static void a_short_payload_goes_without(void **state)
{
    (void)state;
    for (size_t len = 0; len <= STAMP_SIZE; len++) {
        uint8_t *block = malloc(len ? len : 1);
        struct stamp s = { .run = 7 };
        bool ok = false;

        memcpy(block, wire, len);
        ok = stamp_parse((struct kedge_span){ block, len }, &s);
        assert_int_equal(ok, len == STAMP_SIZE);
        assert_int_equal(s.run, ok ? 0x1234 : 7);
        free(block);
    }
}

static void another_magic_or_version_is_none(void **state)
{
    (void)state;
    for (size_t at = 0; at < STAMP_SIZE; at++) {
        uint8_t payload[STAMP_SIZE];
        struct stamp s = { 0 };

        memcpy(payload, wire, sizeof wire);
        payload[at] ^= 1;
        assert_int_equal(stamp_parse((struct kedge_span){ payload, STAMP_SIZE }, &s),
                         at >= 5);
    }
}

static void no_room_is_bad_and_writes_nothing(void **state)
{
    uint8_t *block = malloc(STAMP_SIZE - 1);
    struct writer w = { .ptr = block, .room = STAMP_SIZE - 1 };

    (void)state;
    stamp_put(&w, &value);
    assert_true(w.bad);
    assert_int_equal(w.len, 0);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lies_on_the_wire_as_documented),
        cmocka_unit_test(is_read_back_from_the_front_of_a_payload),
        cmocka_unit_test(a_short_payload_goes_without),
        cmocka_unit_test(another_magic_or_version_is_none),
        cmocka_unit_test(no_room_is_bad_and_writes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
