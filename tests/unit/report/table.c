/* SPDX-License-Identifier: MIT */
/* Tests of report/table.h. */
#include "report/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const struct table *t, uint32_t indent, const char *want)
{
    char *got = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&got, &len);

    table_print(t, f, indent);
    fclose(f);
    assert_string_equal(got, want);
    free(got);
}

static void aligns_columns(void **state)
{
    uint8_t space[256];
    struct table t;

    (void)state;
    table_init(&t, space, sizeof space, 3, 1U << 1);
    table_cell(&t, "target");
    table_cell(&t, "sent");
    table_cell(&t, "note");
    table_cell(&t, "gr\xc3\xbc\xc3\x9f");
    table_cell_u64(&t, 1234567);
    table_cell(&t, "");
    table_cell(&t, "a\n");
    table_cell(&t, "");
    table_cell(&t, "x");
    check(&t, 1,
          " target     sent  note\n"
          " gr\xc3\xbc\xc3\x9f    1234567\n"
          " a\\x0a            x\n");
}

static void says_what_found_no_room(void **state)
{
    uint8_t space[12];
    struct table t;

    (void)state;
    table_init(&t, space, sizeof space, 2, 0);
    for (int i = 0; i < 6; i++)
        table_cell(&t, "abc");
    check(&t, 0, "abc  abc\nabc\n(more rows than there was room for)\n");
}

static void an_empty_table_prints_nothing(void **state)
{
    uint8_t space[12];
    struct table t;

    (void)state;
    table_init(&t, space, sizeof space, 2, 0);
    check(&t, 0, "");
}

static void check_said(void (*say)(struct kedge_span text, size_t columns, FILE *out),
                       const char *text, size_t columns, const char *want)
{
    char *got = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&got, &len);

    say(span_of(text), columns, f);
    fclose(f);
    assert_string_equal(got, want);
    free(got);
}

static void breaks_what_is_said_between_words(void **state)
{
    (void)state;
    check_said(table_note, "one two three", 0, "  one two three\n");
    check_said(table_note, "one two three", 15, "  one two three\n");
    check_said(table_note, "one two three", 14, "  one two\n    three\n");
    check_said(table_line, "one two three", 13, "one two three\n");
    check_said(table_line, "one two three", 12, "one two\n  three\n");
    check_said(table_line, "muchtoolong a", 4, "muchtoolong\n  a\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligns_columns),
        cmocka_unit_test(says_what_found_no_room),
        cmocka_unit_test(an_empty_table_prints_nothing),
        cmocka_unit_test(breaks_what_is_said_between_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
