/* SPDX-License-Identifier: MIT */
/* Tests of report/text.h. */
#include "report/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(literal)                                                                   \
    {                                                                                    \
        (const uint8_t *)literal, sizeof literal - 1                                     \
    }

static const struct {
    struct kedge_span in;
    const char *printable;
    const char *quoted;
} rows[] = {
    { BYTES(""), "", "\"\"" },
    { BYTES("pxelinux.0"), "pxelinux.0", "\"pxelinux.0\"" },
    { BYTES("a b\\c\"d"), "a b\\c\"d", "\"a b\\\\c\\\"d\"" },
    { BYTES("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"" },
    { BYTES("\xf0\x9f\x9a\xa2"), "\xf0\x9f\x9a\xa2", "\"\xf0\x9f\x9a\xa2\"" },
    { BYTES("a\nb\0c\x7f"), "a\\x0ab\\x00c\\x7f", "\"a\\x0ab\\x00c\\x7f\"" },
    { BYTES("\x1b[31m"), "\\x1b[31m", "\"\\x1b[31m\"" },
    /* C1 control, a turn of direction, a line separator */
    { BYTES("\xc2\x9b"), "\\xc2\\x9b", "\"\\xc2\\x9b\"" },
    { BYTES("\xe2\x80\xae"), "\\xe2\\x80\\xae", "\"\\xe2\\x80\\xae\"" },
    { BYTES("\xe2\x80\xa8"), "\\xe2\\x80\\xa8", "\"\\xe2\\x80\\xa8\"" },
    /* not UTF-8: alone, cut, overlong, surrogate, beyond U+10FFFF */
    { BYTES("\xff"), "\\xff", "\"\\xff\"" },
    { BYTES("a\xc3"), "a\\xc3", "\"a\\xc3\"" },
    { BYTES("\xc0\xa2"), "\\xc0\\xa2", "\"\\xc0\\xa2\"" },
    { BYTES("\xe0\x80\xa2"), "\\xe0\\x80\\xa2", "\"\\xe0\\x80\\xa2\"" },
    { BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80", "\"\\xed\\xa0\\x80\"" },
    { BYTES("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80", "\"\\xf4\\x90\\x80\\x80\"" },
};

static void shows_what_prints_and_escapes_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[128] = { 0 };
        struct writer w = { .ptr = (uint8_t *)out, .room = sizeof out - 1 };

        text_printable(&w, rows[i].in, 100);
        assert_string_equal(out, rows[i].printable);
        assert_false(w.bad);
    }
}

static void quotes_so_that_it_can_be_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[128] = { 0 };
        struct writer w = { .ptr = (uint8_t *)out, .room = sizeof out - 1 };

        text_quoted(&w, rows[i].in, 100);
        assert_string_equal(out, rows[i].quoted);
        assert_false(w.bad);
    }
}

static const struct {
    struct kedge_span in;
    size_t most;
    const char *want;
} cuts[] = {
    { BYTES("abcdef"), 6, "abcdef" },
    { BYTES("abcdefg"), 6, "abc..." },
    { BYTES("ab\ncdefg"), 8, "ab..." }, /* an escape is not cut in two */
    { BYTES("ab\xc3\xbc\xc3\xbc"), 6, "ab\xc3\xbc\xc3\xbc" },
    { BYTES("ab\xc3\xbc\xc3\xbcz"), 6, "ab..." }, /* nor a character */
    { BYTES("abcd"), 3, "..." },
};

static void cuts_at_a_character(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        char out[64] = { 0 };
        struct writer w = { .ptr = (uint8_t *)out, .room = sizeof out - 1 };

        text_printable(&w, cuts[i].in, cuts[i].most);
        out[w.len] = 0;
        assert_string_equal(out, cuts[i].want);
        assert_false(w.bad);
    }
}

/* From a heap block of the exact size, so that a sanitizer sees one byte too far. */
static void stays_within_room_of_any_size(void **state)
{
    const struct kedge_span in = BYTES("a\xc3\xbc\n\"\\\xff\xe2\x80\xae end");

    (void)state;
    for (size_t room = 0; room < 64; room++) {
        uint8_t *block = malloc(room ? room : 1);
        struct writer w = { .ptr = block, .room = room };

        text_printable(&w, in, 1000);
        assert_true(w.len <= room);
        assert_int_equal(w.bad, room < 3);
        w = (struct writer){ .ptr = block, .room = room };
        text_quoted(&w, in, 1000);
        assert_true(w.len <= room && w.room == room);
        assert_int_equal(w.bad, room < 5);
        if (!w.bad)
            assert_true(block[0] == '"' && block[w.len - 1] == '"');
        free(block);
    }
}

static void reads_no_byte_past_a_cut_character(void **state)
{
    const uint8_t whole[] = { 0xf0, 0x9f, 0x9a, 0xa2 };

    (void)state;
    for (size_t len = 1; len <= sizeof whole; len++) {
        uint8_t *block = malloc(len);
        uint32_t code = 7;

        memcpy(block, whole, len);
        assert_int_equal(text_utf8((struct kedge_span){ block, len }, &code),
                         len == 4 ? 4 : 0);
        assert_int_equal(code, len == 4 ? 0x1f6a2 : 7);
        free(block);
    }
}

static void counts_characters_as_columns(void **state)
{
    (void)state;
    assert_int_equal(text_width(span_of("gr\xc3\xbc\xc3\x9f")), 4);
    assert_int_equal(text_width(span_of("")), 0);
}

static void numbers_are_in_groups(void **state)
{
    static const struct {
        uint64_t v;
        const char *text;
    } cases[] = { { 0, "0" },
                  { 999, "999" },
                  { 1000, "1,000" },
                  { 1472, "1,472" },
                  { 10005, "10,005" },
                  { 1234567, "1,234,567" },
                  { UINT64_MAX, "18,446,744,073,709,551,615" } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t space[32];
        struct writer w = { .ptr = space, .room = sizeof space };

        text_count(&w, cases[i].v);
        assert_true(span_equal(written(&w), span_of(cases[i].text)));
    }
}

static void durations_are_rounded_to_microseconds(void **state)
{
    static const struct {
        kedge_nanos v;
        const char *want;
    } times[] = {
        { 0, "0.000" },       { 499, "0.000" },
        { 500, "0.001" },     { 51000, "0.051" },
        { 999999, "1.000" },  { 12 * KEDGE_SEC, "12000.000" },
        { 1234567, "1.235" }, { UINT64_MAX, "18446744073709.552" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char out[64] = { 0 };
        struct writer w = { .ptr = (uint8_t *)out, .room = sizeof out - 1 };

        text_ms(&w, times[i].v);
        assert_string_equal(out, times[i].want);
    }
}

static void a_size_has_four_digits_at_most(void **state)
{
    static const struct {
        uint64_t v;
        const char *want;
    } cases[] = {
        { 0, "0 B" },
        { 9999, "9999 B" },
        { 10000, "9.7 KiB" },
        { 102400, "100 KiB" },
        { 10000ULL << 10, "9.7 MiB" },
        { 123ULL << 20, "123 MiB" },
        { 5ULL << 30, "5120 MiB" },
        { UINT64_MAX, "15.9 EiB" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t space[32] = { 0 };
        struct writer w = { .ptr = space, .room = sizeof space - 1 };

        text_size(&w, cases[i].v);
        assert_string_equal((const char *)space, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_has_four_digits_at_most),
        cmocka_unit_test(shows_what_prints_and_escapes_the_rest),
        cmocka_unit_test(quotes_so_that_it_can_be_read_back),
        cmocka_unit_test(cuts_at_a_character),
        cmocka_unit_test(stays_within_room_of_any_size),
        cmocka_unit_test(reads_no_byte_past_a_cut_character),
        cmocka_unit_test(counts_characters_as_columns),
        cmocka_unit_test(numbers_are_in_groups),
        cmocka_unit_test(durations_are_rounded_to_microseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
