/* SPDX-License-Identifier: MIT */
/* Tests of the lines of a map file (policy/map_rules.h). */
#include "policy/map_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is(struct kedge_span s, const char *text)
{
    return span_equal(s, span_of(text));
}

static const struct {
    const char *text;
    uint32_t letters;
    const char *regex;
    const char *pattern;
    uint32_t line;
} rules[] = {
    { "r a b", MAP_REWRITE, "a", "b", 1 },
    { "\n \t\n# r x y\nr a b", MAP_REWRITE, "a", "b", 4 },
    { "  rg\ta\v\fb # why", MAP_REWRITE | MAP_GLOBAL, "a", "b", 1 },
    { "rgg a", MAP_REWRITE | MAP_GLOBAL | MAP_ONWARDS, "a", "", 1 },
    { "ggrg a", MAP_REWRITE | MAP_GLOBAL | MAP_ONWARDS, "a", "", 1 },
    { "gg a", 0, "a", "", 1 }, /* g means nothing without r */
    { "~eiGP46 ^",
      MAP_INVERSE | MAP_EXIT | MAP_NOCASE | MAP_GET | MAP_PUT | MAP_IPV4 | MAP_IPV6, "^",
      "", 1 },
    { "E a\\ b\\#c d\\", MAP_FILE, "a\\ b\\#c", "d\\", 1 },
    { "s a#b c", MAP_RESTART, "a", "", 1 }, /* # ends a word too */
    { "a \\\\ no\\ way more", MAP_ABORT, "\\\\", "no\\ way", 1 },
    { "j a b", MAP_JUMP, "a", "b", 1 },
    { ":one two", MAP_LABEL, "", "one", 1 },
    { ": one two", MAP_LABEL, "", "one", 1 },
    { ":", MAP_LABEL, "", "", 1 },
    { ":a\\ b", MAP_LABEL, "", "a\\ b", 1 },
    { "r (.)\\1 x", MAP_REWRITE | MAP_BACKREF, "(.)\\1", "x", 1 },
};

static void rules_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rules); i++) {
        struct map_lines l = { .left = span_of(rules[i].text) };
        struct map_problem why;
        struct map_rule r;

        assert_int_equal(map_next(&l, &r, &why), MAP_LINE_RULE);
        if (r.letters != rules[i].letters || !is(r.regex, rules[i].regex) ||
            !is(r.pattern, rules[i].pattern) || r.line != rules[i].line)
            fail_msg("rule %zu: %s", i, rules[i].text);
        assert_int_equal(map_next(&l, &r, &why), MAP_LINE_END);
    }
}

static const struct {
    const char *text;
    uint32_t line;
    const char *says;
} faults[] = {
    { "rq a b", 1, "letter 'q' is unknown; allowed are r g gg e E s a j i ~ G P 4 6" },
    { "\nr", 2,
      "the regular expression is missing; a line is: LETTERS REGEX [REPLACEMENT]" },
    { "e # x", 1,
      "the regular expression is missing; a line is: LETTERS REGEX [REPLACEMENT]" },
    { "r~ a", 1, "letters r and ~ exclude each other" },
    { "ra a", 1, "letters r and a exclude each other" },
    { "jr a", 1, "letters r and j exclude each other" },
    { "aj a", 1, "letters a and j exclude each other" },
    { "sa a", 1, "letters a and s exclude each other" },
    { "ej a", 1, "letters e and j exclude each other" },
    { "ae a", 1, "letters e and a exclude each other" },
    { "es a", 1, "letters e and s exclude each other" },
    { "Ee a", 1, "letters e and E exclude each other" },
    { "Ej a", 1, "letters E and j exclude each other" },
    { "Ea a", 1, "letters E and a exclude each other" },
    { "sE a", 1, "letters E and s exclude each other" },
};

static void faults_are_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct map_lines l = { .left = span_of(faults[i].text) };
        struct map_problem why;
        struct map_rule r;
        char text[200];
        struct writer w = { .ptr = (uint8_t *)text, .room = sizeof text };

        assert_int_equal(map_next(&l, &r, &why), MAP_LINE_BAD);
        map_problem_text(&w, &why);
        if (why.line != faults[i].line || !is(written(&w), faults[i].says))
            fail_msg("fault %zu: %.*s", i, (int)w.len, text);
    }
}

static void reading_goes_on_behind_a_fault(void **state)
{
    struct map_lines l = { .left = span_of("q x\ne y\nz\n") };
    struct map_problem why;
    struct map_rule r;

    (void)state;
    assert_int_equal(map_next(&l, &r, &why), MAP_LINE_BAD);
    assert_int_equal(map_next(&l, &r, &why), MAP_LINE_RULE);
    assert_int_equal(r.line, 2);
    assert_int_equal(map_next(&l, &r, &why), MAP_LINE_BAD);
    assert_int_equal(why.line, 3);
    assert_int_equal(map_next(&l, &r, &why), MAP_LINE_END);
    assert_int_equal(map_next(&l, &r, &why), MAP_LINE_END);
}

static void nul_and_return_are_dropped(void **state)
{
    uint8_t text[] = "r\0 a\r b\r\n";

    (void)state;
    assert_int_equal(map_clean(text, sizeof text), 6);
    assert_memory_equal(text, "r a b\n", 6);
}

/* Every prefix of a text, in a block of just its size. */
static void no_byte_behind_the_text_is_read(void **state)
{
    static const char whole[] = ": a\nr [[:alpha:][.x.]]\\ \\1 b\\\n:x\nrg [^]] \\\\ # c";

    (void)state;
    for (size_t len = 0; len < sizeof whole; len++) {
        uint8_t *copy = malloc(len + (len == 0));
        struct map_lines l = { .left = { copy, len } };
        struct map_problem why;
        struct map_rule r;

        assert_non_null(copy);
        memcpy(copy, whole, len);
        while (map_next(&l, &r, &why) != MAP_LINE_END)
            assert_true(r.line <= 4);
        free(copy);
    }
}

static const struct {
    const char *regex;
    bool back;
} references[] = {
    { "", false },
    { "(a)\\1", true },
    { "\\9", true },
    { "\\0", false },
    { "\\\\1", false },
    { "\\\\\\1", true },
    { "[\\1]", false },
    { "[]\\1]", false },
    { "[^]\\1]", false },
    { "[a]\\1", true },
    { "[[:alpha:]\\1]", false },
    { "[[:alpha:]]\\1", true },
    { "[[.].]\\1]", false },
    { "[[=]=]]\\2", true },
    { "\\[\\1", true },
    { "a\\", false },
    { "[", false },
    { "[[:", false },
    { "[\\1", false },
    { "[[]\\1", true },
};

static void back_references_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(references); i++)
        if (map_regex_refers_back(span_of(references[i].regex)) != references[i].back)
            fail_msg("%s", references[i].regex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(faults_are_explained),
        cmocka_unit_test(reading_goes_on_behind_a_fault),
        cmocka_unit_test(nul_and_return_are_dropped),
        cmocka_unit_test(no_byte_behind_the_text_is_read),
        cmocka_unit_test(back_references_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
