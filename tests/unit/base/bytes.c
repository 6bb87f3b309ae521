/* SPDX-License-Identifier: MIT */
/* Tests of base/bytes.h. Every input lies in a heap block of just its size, so that a
 * sanitizer sees a single byte too far. */
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A copy of the first n bytes in a block of n bytes. */
static uint8_t *exact(const void *bytes, size_t n)
{
    uint8_t *copy = malloc(n);

    assert_true(copy || n == 0);
    if (n > 0)
        memcpy(copy, bytes, n);
    return copy;
}

static void assert_span(struct kedge_span got, const void *want, size_t len)
{
    assert_int_equal(got.len, len);
    if (len > 0)
        assert_memory_equal(got.ptr, want, len);
}

enum field { U8, U16, U32, U64, BYTES3, STRING };

static const uint8_t record[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                                  0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,
                                  0x0f, 'x',  'y',  'z',  'a',  'b',  0 };

/* The fields of the record in order; end is how many bytes it takes to have this one. */
static const struct {
    enum field field;
    uint64_t value;
    size_t end;
} layout[] = {
    { U8, 0x01, 1 },        { U16, 0x0203, 3 },
    { U32, 0x04050607, 7 }, { U64, 0x08090a0b0c0d0e0f, 15 },
    { BYTES3, 0, 18 },      { STRING, 0, 21 },
};

static uint64_t take_field(struct reader *r, enum field field, struct kedge_span *text)
{
    *text = (struct kedge_span){ 0 };
    switch (field) {
    case U8:
        return take_u8(r);
    case U16:
        return take_u16(r);
    case U32:
        return take_u32(r);
    case U64:
        return take_u64(r);
    case BYTES3:
        *text = take(r, 3);
        return 0;
    case STRING:
        *text = take_string(r);
        return 0;
    }
    fail();
    return 0;
}

/* Read the whole layout from the first n bytes: each field that is there is right, and
 * from the first that is not there on all is zero, empty and bad. */
static void read_prefix(size_t n)
{
    uint8_t *copy = exact(record, n);
    struct reader r = { .left = { copy, n } };

    for (size_t i = 0; i < COUNT(layout); i++) {
        bool there = layout[i].end <= n;
        struct kedge_span text;
        uint64_t v = take_field(&r, layout[i].field, &text);

        assert_int_equal(r.bad, !there);
        assert_true(v == (there ? layout[i].value : 0));
        if (layout[i].field == BYTES3)
            assert_span(text, "xyz", there ? 3 : 0);
        else if (layout[i].field == STRING)
            assert_span(text, "ab", there ? 2 : 0);
        if (there)
            assert_int_equal(r.left.len, n - layout[i].end);
    }
    free(copy);
}

static void reader_reads_every_prefix(void **state)
{
    (void)state;
    for (size_t n = 0; n <= sizeof record; n++)
        read_prefix(n);
}

static void bad_reader_stays_bad(void **state)
{
    struct reader r = { .left = { record, 3 } };

    (void)state;
    assert_int_equal(take_u32(&r), 0);
    assert_true(r.bad);
    /* Three bytes are left, yet nothing more is given out. */
    assert_int_equal(take_u8(&r), 0);
    assert_int_equal(take(&r, 0).len, 0);
    assert_null(take_string(&r).ptr);
    assert_true(r.bad);
}

static void taking_nothing_is_fine(void **state)
{
    struct reader r = { 0 };

    (void)state;
    assert_int_equal(take(&r, 0).len, 0);
    assert_false(r.bad);
    assert_int_equal(take(&r, 1).len, 0);
    assert_true(r.bad);
}

static void take_is_not_fooled_by_huge_lengths(void **state)
{
    static const size_t huge[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2 + 1, 5 };

    (void)state;
    for (size_t i = 0; i < COUNT(huge); i++) {
        struct reader r = { .left = { record, 4 } };

        assert_null(take(&r, huge[i]).ptr);
        assert_true(r.bad);
    }
}

static const struct {
    const char *bytes;
    size_t len;
    const char *want; /* NULL: bad */
    size_t left;
} strings[] = {
    { "", 0, NULL, 0 },
    { "a", 1, NULL, 0 },
    { "octet", 5, NULL, 0 },
    { "\0", 1, "", 0 },
    { "a\0", 2, "a", 0 },
    { "a\0b", 3, "a", 1 },
    { "octet\0", 6, "octet", 0 },
    { "\0\0", 2, "", 1 },
    { "\xff\xfe\0z", 4, "\xff\xfe", 1 },
};

static void strings_end_at_their_nul(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(strings); i++) {
        uint8_t *copy = exact(strings[i].bytes, strings[i].len);
        struct reader r = { .left = { copy, strings[i].len } };
        struct kedge_span got = take_string(&r);

        assert_int_equal(r.bad, strings[i].want == NULL);
        if (strings[i].want) {
            assert_span(got, strings[i].want, strlen(strings[i].want));
            assert_int_equal(r.left.len, strings[i].left);
        }
        free(copy);
    }
}

/* Write the record, field by field, into a block of just `room` bytes: what fits is
 * there, the first that does not fit leaves no byte behind, nor do those after it. */
static void write_into(size_t room)
{
    uint8_t *block = malloc(room);
    struct writer w = { .ptr = block, .room = room };
    size_t fits = 0;

    if (room > 0)
        memset(block, 0xee, room);
    put_u8(&w, 0x01);
    put_u16(&w, 0x0203);
    put_u32(&w, 0x04050607);
    put_u64(&w, 0x08090a0b0c0d0e0f);
    put(&w, span_of("xyz"));
    put_string(&w, span_of("ab"));
    for (size_t i = 0; i < COUNT(layout) && layout[i].end <= room; i++)
        fits = layout[i].end;
    assert_int_equal(w.bad, room < sizeof record);
    assert_span(written(&w), record, fits);
    for (size_t i = fits; i < room; i++)
        assert_int_equal(block[i], 0xee);
    free(block);
}

static void writer_fills_every_room(void **state)
{
    (void)state;
    for (size_t room = 0; room <= sizeof record; room++)
        write_into(room);
}

static void bad_writer_stays_bad(void **state)
{
    uint8_t block[3] = { 9, 9, 9 };
    struct writer w = { .ptr = block, .room = sizeof block };

    (void)state;
    put_u32(&w, 1);
    assert_true(w.bad);
    put_u8(&w, 7);
    put_string(&w, (struct kedge_span){ 0 });
    assert_int_equal(written(&w).len, 0);
    assert_int_equal(block[0], 9);
}

static void writer_is_not_fooled_by_huge_lengths(void **state)
{
    uint8_t block[4];
    static const size_t huge[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 3, 5 };

    (void)state;
    for (size_t i = 0; i < COUNT(huge); i++) {
        struct writer w = { .ptr = block, .room = sizeof block };

        put(&w, (struct kedge_span){ record, huge[i] });
        assert_true(w.bad);
        w = (struct writer){ .ptr = block, .room = sizeof block, .len = 1 };
        put_string(&w, (struct kedge_span){ record, huge[i] });
        assert_true(w.bad);
        assert_int_equal(w.len, 1);
    }
}

static const struct {
    uint64_t value;
    const char *text;
} decimals[] = {
    { 0, "0" },
    { 9, "9" },
    { 10, "10" },
    { 65464, "65464" },
    { UINT32_MAX, "4294967295" },
    { UINT64_MAX - 5, "18446744073709551610" },
    { UINT64_MAX, "18446744073709551615" },
};

static void decimals_are_written_whole_or_not_at_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(decimals); i++) {
        size_t len = strlen(decimals[i].text);

        for (size_t room = 0; room <= len; room++) {
            uint8_t *block = malloc(room);
            struct writer w = { .ptr = block, .room = room };

            put_decimal(&w, decimals[i].value);
            assert_int_equal(w.bad, room < len);
            assert_span(written(&w), decimals[i].text, room < len ? 0 : len);
            free(block);
        }
    }
}

static const struct {
    const char *a, *b;
    bool equal, nocase;
} pairs[] = {
    { "", "", true, true },
    { "a", "", false, false },
    { "", "a", false, false },
    { "octet", "octet", true, true },
    { "octet", "OcTeT", false, true },
    { "octet", "octe", false, false },
    { "octe", "octet", false, false },
    { "octet", "octeu", false, false },
    { "az", "AZ", false, true },
    { "@[`{", "@[`{", true, true },
    { "@", "`", false, false },
    { "[", "{", false, false },
    { "\xe4", "\xc4", false, false },
    { "1k", "1K", false, true },
};

static void spans_compare(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        size_t n = strlen(pairs[i].a);
        uint8_t *copy = exact(pairs[i].a, n);
        char *text = (char *)exact(pairs[i].b, strlen(pairs[i].b) + 1);
        struct kedge_span a = { copy, n };

        assert_int_equal(span_equal(a, span_of(text)), pairs[i].equal);
        assert_int_equal(span_equal(span_of(text), a), pairs[i].equal);
        assert_int_equal(span_equal_nocase(a, text), pairs[i].nocase);
        free(text);
        free(copy);
    }
}

static void a_nul_inside_is_not_an_end(void **state)
{
    struct kedge_span with_nul = { (const uint8_t *)"a\0b", 3 };

    (void)state;
    assert_false(span_equal_nocase(with_nul, "a"));
    assert_false(span_equal(with_nul, span_of("a")));
    assert_true(span_equal((struct kedge_span){ 0 }, span_of("")));
    assert_true(span_equal_nocase((struct kedge_span){ 0 }, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_reads_every_prefix),
        cmocka_unit_test(bad_reader_stays_bad),
        cmocka_unit_test(taking_nothing_is_fine),
        cmocka_unit_test(take_is_not_fooled_by_huge_lengths),
        cmocka_unit_test(strings_end_at_their_nul),
        cmocka_unit_test(writer_fills_every_room),
        cmocka_unit_test(bad_writer_stays_bad),
        cmocka_unit_test(writer_is_not_fooled_by_huge_lengths),
        cmocka_unit_test(decimals_are_written_whole_or_not_at_all),
        cmocka_unit_test(spans_compare),
        cmocka_unit_test(a_nul_inside_is_not_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
