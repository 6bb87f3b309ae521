/* SPDX-License-Identifier: MIT */
/* Tests of the machine that runs a map file (policy/map.h), with the C library's regular
 * expressions and ASCII as its character set. */
#include "policy/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define RULES 16

/* ASCII; a byte above it is no character. */
static struct map_char ascii(const void *owner, struct kedge_span text,
                             enum map_fold fold)
{
    struct map_char c = { .taken = 1, .len = 1 };
    uint8_t b = text.ptr[0];

    (void)owner;
    if (b >= 0x80)
        return (struct map_char){ 0 };
    if (fold == MAP_UPPER && b >= 'a' && b <= 'z')
        b = (uint8_t)(b - 32);
    if (fold == MAP_LOWER && b >= 'A' && b <= 'Z')
        b = (uint8_t)(b + 32);
    c.out[0] = b;
    return c;
}

static const struct map_chars chars = { .take = ascii };

struct world {
    struct map_rule rules[RULES];
    struct map map;
    uint8_t memory[3 * 512];
    uint32_t asked;    /* how often a match was */
    const char *there; /* the one file that can be had */
};

static void load(struct world *w, const char *text)
{
    struct map_lines l = { .left = span_of(text) };
    struct map_problem why;

    memset(w, 0, sizeof *w);
    while (map_next(&l, &w->rules[w->map.count], &why) == MAP_LINE_RULE)
        assert_true(++w->map.count < RULES);
    w->map.rules = w->rules;
}

static enum map_todo answer_match(struct map_run *r)
{
    struct map_group groups[MAP_GROUPS];
    regmatch_t m[MAP_GROUPS];
    char pattern[256];
    regex_t regex;
    int no;

    snprintf(pattern, sizeof pattern, "%.*s", (int)r->rule->regex.len,
             r->rule->regex.ptr);
    assert_int_equal(
        regcomp(&regex, pattern,
                REG_EXTENDED | (r->rule->letters & MAP_NOCASE ? REG_ICASE : 0)),
        0);
    assert_int_equal(r->text.ptr[r->text.len], '\0');
    memset(m, 0xff, sizeof m);
    no = regexec(&regex, (const char *)r->text.ptr, MAP_GROUPS, m,
                 r->not_at_start ? REG_NOTBOL : 0);
    regfree(&regex);
    for (size_t i = 0; i < MAP_GROUPS; i++)
        groups[i] = (struct map_group){ (uint32_t)m[i].rm_so, (uint32_t)m[i].rm_eo };
    return map_matched(r, no ? NULL : groups);
}

static enum map_todo run(struct world *w, struct map_run *r, const struct map_request *q)
{
    enum map_todo todo = map_start(r, &w->map, q, &chars,
                                   (struct map_memory){ w->memory, sizeof w->memory });

    for (;;) {
        if (todo == MAP_NEED_MATCH) {
            w->asked++;
            todo = answer_match(r);
        } else if (todo == MAP_NEED_FILE) {
            todo = map_file(r, w->there && span_equal(r->text, span_of(w->there)));
        } else if (todo == MAP_REWROTE) {
            todo = map_go(r);
        } else {
            return todo;
        }
    }
}

static struct map_request request(const char *name, const char *how)
{
    static const uint8_t v4[] = { 192, 0, 2, 169 };
    static const uint8_t v6[] = {
        0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
    };
    struct map_request q = { .name = span_of(name),
                             .put = strchr(how, 'P') != NULL,
                             .client = { span_of("192.0.2.169"), { v4, sizeof v4 } } };

    if (strchr(how, '6'))
        q.client = (struct map_client){ span_of("2001:db8::1"), { v6, sizeof v6 } };
    return q;
}

/* how: P a write, 6 an IPv6 client. */
static const struct {
    const char *map;
    const char *name;
    const char *how;
    enum map_todo todo;
    const char *text;
} cases[] = {
    { "", "a", "", MAP_DONE, "a" },
    { "r b c", "abab", "", MAP_DONE, "acab" },
    { "rg b c", "abab", "", MAP_DONE, "acac" },
    { "rg aa a", "aaaaa", "", MAP_DONE, "a" },
    { "rgg aa a", "aaaaa", "", MAP_DONE, "aaa" },
    { "rgg ^a b", "aaa", "", MAP_DONE, "baa" },
    { "rgg a$ aa", "xa", "", MAP_DONE, "xaa" },
    { "r ^ /\\i/", "f", "", MAP_DONE, "/192.0.2.169/f" },
    { "r ^ /\\x/", "f", "", MAP_DONE, "/C00002A9/f" },
    { "r ^ /\\i/", "f", "6", MAP_DONE, "/2001:db8::1/f" },
    { "r ^ /\\x/", "f", "6", MAP_DONE, "/20010DB8000000000000000000000001/f" },
    { "r ^.*$ \\L\\x", "f", "", MAP_DONE, "c00002a9" },
    { "r (.)(.)?(.)$ <\\1\\2\\3\\4\\0>", "ab", "", MAP_DONE, "<abab>" },
    { "r b* \\U\\0x\\Ly\\Ez\\q", "bbb", "", MAP_DONE, "BBBXyzq" },
    { "r b \\\\\\ \\#\\", "abc", "", MAP_DONE, "a\\ #\\c" },
    { "r .* \\0", "a\\b", "", MAP_DONE, "a" }, /* a group ends at its backslash */
    { "r b \\1", "abc", "", MAP_DONE, "ac" },
    { "ri B x", "abc", "", MAP_DONE, "axc" },
    { "r B x", "abc", "", MAP_DONE, "abc" },
    { "e a\nr ^ x", "a", "", MAP_DONE, "a" },
    { "e a\nr ^ x", "b", "", MAP_DONE, "xb" },
    { "e~ a\nr ^ x", "b", "", MAP_DONE, "b" },
    { "re a b\nr ^ x", "a", "", MAP_DONE, "b" },
    { "a ^s no\\ \\0\\ here", "secret", "", MAP_REFUSED, "no s here" },
    { "a ^s", "secret", "", MAP_REFUSED, "" },
    { "a~ ^p \\0\\1only", "secret", "", MAP_REFUSED, "only" },
    { "a ^s", "public", "", MAP_DONE, "public" },
    { "Ga ^\nPr ^ up/", "f", "P", MAP_DONE, "up/f" },
    { "Ga ^\nPr ^ up/", "f", "", MAP_REFUSED, "" },
    { "4a ^\n6r ^ six/", "f", "6", MAP_DONE, "six/f" },
    { "4a ^\n6r ^ six/", "f", "", MAP_REFUSED, "" },
    { "GPa ^\n46a ^", "f", "", MAP_DONE, "f" },
    { "j ^(.)/ \\1\na ^\n:x\nr ^x/ y", "x/f", "", MAP_DONE, "yf" },
    { "j ^(.)/ \\1\na ^ none\n:x\nr ^x/ y", "f", "", MAP_REFUSED, "none" },
    { "j ^(.)/ \\1\n:x", "z/f", "", MAP_FAILED, "z" },
    { "j ^ \n:\n", "f", "", MAP_FAILED, "" },
    { "js ^a lab\nr a b\n", "b", "", MAP_DONE, "b" },
    { "r ^a b\ns ^b", "a", "", MAP_FAILED, "b" },
    { "r ^aa a\ns ^aa", "aaaa", "", MAP_DONE, "a" },
    { "E ^t", "t", "", MAP_DONE, "t" },
    { "rE ^ t\na ^", "here", "", MAP_DONE, "there" },
    { "rE ^ x\nr ^ y", "here", "", MAP_DONE, "yhere" },
    { "E ^here\nr ^ y", "here", "", MAP_DONE, "yhere" },
    { "rgE e u\nr h -", "there", "", MAP_DONE, "t-ere" },
    { "r .* \\0", "\x80", "", MAP_FAILED, "" },
    { "r b x",
      "\x80"
      "b",
      "", MAP_DONE, "\x80x" },
};

static void maps_do_what_the_manual_says(void **state)
{
    struct world w;
    struct map_run r;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct map_request q = request(cases[i].name, cases[i].how);
        enum map_todo todo;

        load(&w, cases[i].map);
        w.there = "there";
        todo = run(&w, &r, &q);
        if (todo != cases[i].todo ||
            (todo != MAP_FAILED && !span_equal(r.text, span_of(cases[i].text))))
            fail_msg("case %zu: %s on %s: %d, %.*s", i, cases[i].map, cases[i].name, todo,
                     (int)r.text.len, r.text.ptr);
    }
}

static const struct {
    const char *map;
    const char *name;
    enum map_failure failure;
    uint32_t line;
    uint32_t asked;
} failures[] = {
    { "\ns ^", "a", MAP_LOOPS, 2, 4096 },
    { "rg ^a aa", "a", MAP_TOO_LONG, 1, 511 },
    { "rg a a", "a", MAP_LOOPS, 1, 4097 }, /* asked, and then not executed */
    { "rgg x* -", "abc", MAP_TOO_LONG, 1, 509 },
    { ":l\nj ^ l", "a", MAP_LOOPS, 2, 4096 },
    { "j ^ m\n:l", "a", MAP_UNKNOWN_LABEL, 1, 1 },
    { "j ^ \\1", "a", MAP_NO_LABEL, 1, 1 },
    { "j ^ \x80", "a", MAP_NO_LABEL, 1, 1 },
    { "r ^ \x80", "a", MAP_NOT_TEXT, 1, 1 },
    { "e b\nr ^ \x80", "a", MAP_NOT_TEXT, 2, 2 },
};

static void failures_name_their_rule(void **state)
{
    struct world w;
    struct map_run r;

    (void)state;
    for (size_t i = 0; i < COUNT(failures); i++) {
        struct map_request q = request(failures[i].name, "");

        load(&w, failures[i].map);
        assert_int_equal(run(&w, &r, &q), MAP_FAILED);
        if (r.failure != failures[i].failure || r.rule->line != failures[i].line ||
            w.asked != failures[i].asked)
            fail_msg("failure %zu: %s, line %u, asked %u", i, map_failure_text(r.failure),
                     (unsigned)r.rule->line, (unsigned)w.asked);
    }
}

/* 4,096 executions are allowed, of any mix of rules. */
static void the_bound_is_exact(void **state)
{
    struct world w;
    struct map_run r;
    char name[300];
    struct map_request q;

    (void)state;
    memset(name, 'a', sizeof name);
    name[256] = '\0'; /* 256 rounds of 15 rules each */
    q = request(name, "");
    load(&w,
         "e ^$\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\nr ^a\ns ^a");
    assert_int_equal(run(&w, &r, &q), MAP_DONE);
    assert_int_equal(w.asked, 256 * 15);
    name[256] = 'a';
    name[274] = '\0'; /* 273 rounds of 15 are 4,095 */
    q = request(name, "");
    load(&w,
         "e ^$\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\ne x\nr ^a\ns ^");
    assert_int_equal(run(&w, &r, &q), MAP_FAILED);
    assert_int_equal(r.failure, MAP_LOOPS);
    assert_int_equal(w.asked, MAP_STEPS_MAX);
}

static void a_long_name_is_not_matched_with_back_references(void **state)
{
    struct world w;
    struct map_run r;
    char name[MAP_BACKREF_MAX + 2] = "";
    struct map_request q;

    (void)state;
    load(&w, "r (.)\\1$ x");
    memset(name, 'a', MAP_BACKREF_MAX);
    q = request(name, "");
    assert_int_equal(run(&w, &r, &q), MAP_DONE);
    name[MAP_BACKREF_MAX] = 'a';
    q = request(name, "");
    assert_int_equal(run(&w, &r, &q), MAP_FAILED);
    assert_int_equal(r.failure, MAP_UNBOUNDED);
}

/* Whatever the room, nothing is written behind it. */
static void a_name_stays_in_its_room(void **state)
{
    struct world w;
    struct map_run r;
    struct map_request q = request("abcdefgh", "");

    (void)state;
    load(&w, "rgg [a-h] \\0\\0\na z");
    for (size_t size = 0; size < 60; size++) {
        uint8_t *memory = malloc(size + (size == 0));
        enum map_todo todo;

        assert_non_null(memory);
        todo = map_start(&r, &w.map, &q, &chars, (struct map_memory){ memory, size });
        while (todo == MAP_NEED_MATCH || todo == MAP_REWROTE)
            todo = todo == MAP_REWROTE ? map_go(&r) : answer_match(&r);
        assert_int_equal(todo, size < 3 * 17 ? MAP_FAILED : MAP_DONE);
        free(memory);
    }
}

static void each_rewriting_rule_is_shown(void **state)
{
    struct world w;
    struct map_run r;
    struct map_request q = request("a", "");
    enum map_todo todo;
    uint32_t lines[4] = { 0 };
    size_t count = 0;

    (void)state;
    load(&w, "r a b\nr x y\nrE ^ no/\nrg b c\n");
    todo = map_start(&r, &w.map, &q, &chars,
                     (struct map_memory){ w.memory, sizeof w.memory });
    while (todo != MAP_DONE && count < COUNT(lines)) {
        if (todo == MAP_REWROTE)
            lines[count++] = r.rule->line;
        todo = todo == MAP_NEED_MATCH ? answer_match(&r)
               : todo == MAP_REWROTE  ? map_go(&r)
                                      : map_file(&r, false);
    }
    assert_int_equal(count, 2);
    assert_int_equal(lines[0], 1);
    assert_int_equal(lines[1], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_do_what_the_manual_says),
        cmocka_unit_test(failures_name_their_rule),
        cmocka_unit_test(the_bound_is_exact),
        cmocka_unit_test(a_long_name_is_not_matched_with_back_references),
        cmocka_unit_test(a_name_stays_in_its_room),
        cmocka_unit_test(each_rewriting_rule_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
