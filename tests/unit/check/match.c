/* SPDX-License-Identifier: MIT */
/* Patterns of datagrams, and which bytes are marked as wrong. */
#include "check/match.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
    const char *pattern;
    const uint8_t *bytes;
    size_t len;
    bool ok;
    size_t mark, mark_len;
} cases[] = {
    { "DATA 1", BYTES("\0\3\0\1abc"), true, 0, 0 },
    { "DATA 1", BYTES("\0\3\1\0abc"), false, 2, 2 },
    { "DATA 1", BYTES("\0\4\0\1"), false, 0, 2 },
    { "DATA 1", BYTES("\0\3\0"), false, 0, 3 },
    { "DATA", BYTES(""), false, 0, 0 },
    { "DATA 1 len=3", BYTES("\0\3\0\1abc"), true, 0, 0 },
    { "DATA 1 len=2", BYTES("\0\3\0\1abc"), false, 6, 1 },
    { "DATA 1 len<=3", BYTES("\0\3\0\1abc"), true, 0, 0 },
    { "DATA 1 len=0", BYTES("\0\3\0\1"), true, 0, 0 },
    { "ERROR 1,2", BYTES("\0\5\0\2no\0"), true, 0, 0 },
    { "ERROR 1,2", BYTES("\0\5\0\0no\0"), false, 2, 2 },
    { "ERROR", BYTES("\0\5\0\11"), true, 0, 0 },
    { "ERROR 8 | DATA 1", BYTES("\0\3\0\1"), true, 0, 0 },
    { "any", BYTES(""), true, 0, 0 },
    { "OACK tsize=10",
      BYTES("\0\6tsize\0"
            "10\0"),
      true, 0, 0 },
    { "OACK tsize=10",
      BYTES("\0\6TSIZE\0"
            "10\0"),
      true, 0, 0 },
    { "OACK tsize=10",
      BYTES("\0\6tsize\0"
            "12\0"),
      false, 8, 2 },
    { "OACK tsize", BYTES("\0\6tsize\0\0"), true, 0, 0 },
    { "OACK tsize",
      BYTES("\0\6tsize\0"
            "10"),
      false, 2, 8 },
    { "OACK blksize<=1428",
      BYTES("\0\6blksize\0"
            "1428\0"),
      true, 0, 0 },
    { "OACK blksize<=1428",
      BYTES("\0\6blksize\0"
            "1429\0"),
      false, 10, 4 },
    { "OACK blksize<=1428", BYTES("\0\6blksize\0-1\0"), false, 10, 2 },
    { "OACK blksize>=8 blksize<=9",
      BYTES("\0\6blksize\0"
            "9\0"),
      true, 0, 0 },
    { "OACK blksize>=8 blksize<=9",
      BYTES("\0\6blksize\0"
            "7\0"),
      false, 10, 1 },
    { "OACK !tsize",
      BYTES("\0\6blksize\0"
            "9\0"),
      true, 0, 0 },
    { "OACK !tsize",
      BYTES("\0\6a\0b\0tsize\0"
            "9\0"),
      false, 6, 5 },
    { "OACK", BYTES("\0\6"), true, 0, 0 },
    { "RRQ", BYTES("\0\1a\0octet\0"), true, 0, 0 },
};

/* From a block of just its size, so that a byte too far is seen. */
static void patterns_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *copy = malloc(cases[i].len + 1);
        struct check_match m;

        assert_non_null(copy);
        memcpy(copy + 1, cases[i].bytes, cases[i].len);
        m = check_match(cases[i].pattern, (struct kedge_span){ copy + 1, cases[i].len });
        if (m.ok != cases[i].ok || m.mark != cases[i].mark ||
            m.mark_len != cases[i].mark_len)
            fail_msg("case %zu, %s: %d, %zu, %zu", i, cases[i].pattern, m.ok, m.mark,
                     m.mark_len);
        free(copy);
    }
}

static void every_cut_is_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t len = 0; len < cases[i].len; len++) {
            uint8_t *copy = malloc(len + 1);

            assert_non_null(copy);
            memcpy(copy, cases[i].bytes, len);
            (void)check_match(cases[i].pattern, (struct kedge_span){ copy, len });
            free(copy);
        }
}

static void bad_patterns_are_known(void **state)
{
    (void)state;
    assert_true(check_pattern_valid("OACK a=1 b<=2 !c | DATA 1,2 len=3"));
    assert_false(check_pattern_valid("OAK"));
    assert_false(check_pattern_valid(""));
    assert_false(check_pattern_valid("DATA 1 | "));
    assert_false(check_pattern_valid("OACK a<1"));
    assert_int_equal(check_match_number("DATA 7 | ACK 1"), 7);
    assert_int_equal(check_match_number("OACK tsize"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match),
        cmocka_unit_test(every_cut_is_survived),
        cmocka_unit_test(bad_patterns_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
