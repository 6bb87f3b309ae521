/* SPDX-License-Identifier: MIT */
/* Tests of patterns of file names (policy/glob.h). */
#include "policy/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *pattern;
    const char *name;
    bool match;
} cases[] = {
    { "a", "a", true },
    { "a", "b", false },
    { "a", "aa", false },
    { "a", "x/y/a", true }, /* no slash: the last part */
    { "a", "a/x", false },
    { "*.cfg", "sw1.cfg", true },
    { "*.cfg", "deep/er/sw1.cfg", true },
    { "*.cfg", "sw1.cfg/x", false },
    { "*.cfg", ".cfg", true },
    { "*", "", true },
    { "", "", true },
    { "", "a", false },
    { "?", "", false },
    { "?", "x", true },
    { "a?c", "abc", true },
    { "x/?", "x//", false },
    { "secret/**", "secret/a", true },
    { "secret/**", "secret/a/b/c", true },
    { "secret/**", "secret", false },
    { "secret/**", "secretly/a", false },
    { "secret/**", "x/secret/a", false },
    { "**/secret", "secret", true },
    { "**/secret", "a/b/secret", true },
    { "**/secret", "asecret", false },
    { "**/secret", "a/bsecret", false },
    { "a/**/b", "a/b", true },
    { "a/**/b", "a/x/y/b", true },
    { "a/**/b", "ab", false },
    { "a/**/b", "a/xb", false },
    { "a/*/b", "a/x/b", true },
    { "a/*/b", "a/x/y/b", false },
    { "a/*/b", "a//b", true },
    { "/**", "x", false },
    { "**", "a/b/c", true }, /* of the last part, which it takes all of */
    { "**/**/**/x", "x", true },
    { "**/**/**/x", "a/x", true },
    { "x**y/z", "x/1/2/y/z", true },
    { "x**y/z", "xy/z", true },
    { "***", "abc", true },
    { "*a*b*c", "xxaxxbxxc", true },
    { "*a*b*c", "xxaxxcxxb", false },
    { "[ab]", "a", false }, /* stands for itself */
    { "[ab]", "[ab]", true },
    { "d/*", "d/", true },
    { "d/*.img", "d/a.b.img", true },
};

static void patterns_match_as_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (glob_match(span_of(cases[i].pattern), span_of(cases[i].name)) !=
            cases[i].match)
            fail_msg("%s on %s", cases[i].pattern, cases[i].name);
}

static void a_pattern_has_a_longest(void **state)
{
    char pattern[GLOB_MAX + 1];

    (void)state;
    memset(pattern, 'a', sizeof pattern);
    assert_true(glob_match((struct kedge_span){ (uint8_t *)pattern, GLOB_MAX },
                           (struct kedge_span){ (uint8_t *)pattern, GLOB_MAX }));
    assert_false(glob_match((struct kedge_span){ (uint8_t *)pattern, GLOB_MAX + 1 },
                            (struct kedge_span){ (uint8_t *)pattern, GLOB_MAX + 1 }));
}

/* By the definition, one way after another: slow, and plainly right. */
static bool slow_match(const char *p, const char *n, bool at_start)
{
    if (!*p)
        return !*n;
    if (p[0] == '*' && p[1] == '*') {
        if (at_start && p[2] == '/' && slow_match(p + 3, n, true))
            return true;
        return slow_match(p + 2, n, false) || (*n && slow_match(p, n + 1, false));
    }
    if (*p == '*')
        return slow_match(p + 1, n, false) ||
               (*n && *n != '/' && slow_match(p, n + 1, false));
    if (!*n || (*p != *n && !(*p == '?' && *n != '/')))
        return false;
    return slow_match(p + 1, n + 1, *p == '/');
}

/* All patterns of up to 6 and names of up to 5 bytes over small alphabets, in blocks of
 * just their size. */
static void all_small_patterns_agree_with_the_definition(void **state)
{
    static const char p_bytes[] = "*/a?";
    static const char n_bytes[] = "/ab";
    char p[8] = "/";
    char n[8] = "";

    (void)state;
    for (unsigned i = 0; i < 4 * 4 * 4 * 4 * 4; i++) {
        for (unsigned k = 0, v = i; k < 5; k++, v /= 4)
            p[1 + k] = p_bytes[v % 4];
        for (unsigned j = 0; j < 3 * 3 * 3 * 3; j++) {
            for (unsigned k = 0, v = j; k < 4; k++, v /= 3)
                n[k] = n_bytes[v % 3];
            if (glob_match(span_of(p), span_of(n)) != slow_match(p, n, true))
                fail_msg("%s on %s", p, n);
            if (glob_match(span_of(p + 1), span_of(n)) !=
                slow_match(p + 1,
                           strchr(p + 1, '/') || !strrchr(n, '/') ? n
                                                                  : strrchr(n, '/') + 1,
                           true))
                fail_msg("%s on %s", p + 1, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_as_documented),
        cmocka_unit_test(a_pattern_has_a_longest),
        cmocka_unit_test(all_small_patterns_agree_with_the_definition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
