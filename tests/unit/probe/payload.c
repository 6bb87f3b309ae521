/* SPDX-License-Identifier: MIT */
/* Tests of probe/payload.h. */
#include "probe/payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct stamp stamp = { .run = 0x1234, .sequence = 77, .sent_ns = 999 };

static bool intact(const uint8_t *bytes, size_t len, const struct stamp *s, size_t size)
{
    struct payload_fault f;

    return payload_intact((struct kedge_span){ bytes, len },
                          &(struct payload){ *s, 0, size, 0, NULL }, &f);
}

static uint8_t *build(const struct stamp *s, size_t size)
{
    uint8_t *block = malloc(size ? size : 1);
    struct writer w = { .ptr = block, .room = size };

    payload_put(&w, &(struct payload){ *s, 0, size, 0, NULL });
    assert_false(w.bad);
    assert_int_equal(w.len, size);
    return block;
}

static void what_returns_whole_is_intact(void **state)
{
    (void)state;
    for (size_t size = 0; size < 100; size++) {
        uint8_t *block = build(&stamp, size);

        assert_true(intact(block, size, &stamp, size));
        free(block);
    }
}

static void each_altered_byte_and_length_is_seen(void **state)
{
    (void)state;
    for (size_t size = 1; size < 60; size++) {
        uint8_t *block = build(&stamp, size);

        for (size_t at = 0; at < size; at++) {
            block[at] ^= 0x10;
            assert_false(intact(block, size, &stamp, size));
            block[at] ^= 0x10;
        }
        assert_false(intact(block, size - 1, &stamp, size));
        assert_false(intact(block, size, &stamp, size - 1));
        free(block);
    }
}

static void a_server_may_set_its_mark(void **state)
{
    uint8_t *block = build(&stamp, 64);

    (void)state;
    block[5] |= STAMP_REPLY;
    assert_true(intact(block, 64, &stamp, 64));
    free(block);
}

static void another_probe_is_another_payload(void **state)
{
    struct stamp other = stamp;
    uint8_t *block = build(&stamp, 64);

    (void)state;
    other.sequence++;
    assert_false(intact(block, 64, &other, 64));
    free(block);
}

static const struct stamp asking = { STAMP_ASKS, 0x1234, 77, 999 };

static void what_a_server_writes_over_it_is_no_fault(void **state)
{
    uint8_t *block = build(&asking, 64);
    struct writer w = { .ptr = block, .room = EXTENDED_SIZE, .len = STAMP_SIZE };

    (void)state;
    extension_put(&w, &(struct probe_extension){ .kind = EXTENSION_REPORT,
                                                 .report = { .seen = 7 } });
    assert_false(intact(block, 64, &asking, 64)); /* not by a plain echo */
    block[5] |= STAMP_REPLY;
    assert_true(intact(block, 64, &asking, 64));
    block[EXTENDED_SIZE] ^= 1;
    assert_false(intact(block, 64, &asking, 64));
    free(block);
}

static void a_fault_has_its_place(void **state)
{
    const struct payload p = { stamp, 0, 64, 0, NULL };
    uint8_t *block = build(&stamp, 64);
    struct payload_fault f;

    (void)state;
    block[30] ^= 1;
    block[41] ^= 128;
    assert_false(payload_intact((struct kedge_span){ block, 64 }, &p, &f));
    assert_int_equal(f.bytes, 2);
    assert_int_equal(f.first, 30);
    assert_int_equal(f.last, 41);
    assert_false(payload_intact((struct kedge_span){ block, 20 }, &p, &f));
    assert_int_equal(f.bytes, 0);
    assert_int_equal(f.size, 20);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_returns_whole_is_intact),
        cmocka_unit_test(each_altered_byte_and_length_is_seen),
        cmocka_unit_test(a_server_may_set_its_mark),
        cmocka_unit_test(what_a_server_writes_over_it_is_no_fault),
        cmocka_unit_test(a_fault_has_its_place),
        cmocka_unit_test(another_probe_is_another_payload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
