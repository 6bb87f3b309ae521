/* SPDX-License-Identifier: MIT */
/* Tests of policy/path.h, and of the policy machine that goes by it. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NAME_ROOM 64
#define MEMORY (POLICY_PATH_ROOM + 4 * NAME_ROOM)

/* What in.tftpd 7.3 --normalize=root and =path print. */
static const struct {
    const char *name, *rooted, *flat;
} forms[] = {
    { "/a/../b/./c/", "/a/../b/./c/", "/b/c/" },
    { "../../x", "/../../x", "/x" },
    { "a//b", "/a//b", "/a/b" },
    { "/", "/", "/" },
    { "", "/", "/" },
    { ".", "/.", "/" },
    { "/..", "/..", "/" },
    { " a", "/ a", "/ a" },
    { "/a/b/..", "/a/b/..", "/a/" },
    { "a/bc/../../../d", "/a/bc/../../../d", "/d" },
    { "..a/.b/c..", "/..a/.b/c..", "/..a/.b/c.." },
    { "///a/.", "///a/.", "/a/" },
};

static void form_is(enum path_form form, const char *name, const char *want)
{
    uint8_t bytes[NAME_ROOM] = "<";
    struct writer w = { .ptr = bytes, .len = 1, .room = sizeof bytes };
    struct kedge_span made;

    path_put(&w, form, span_of(name));
    assert_false(w.bad);
    made = written(&w);
    if (made.len - 1 != strlen(want) || memcmp(made.ptr + 1, want, strlen(want)) != 0)
        fail_msg("%s became %.*s, not %s", name, (int)made.len, (const char *)made.ptr,
                 want);
}

static void names_take_a_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        form_is(PATH_AS_IS, forms[i].name, forms[i].name);
        form_is(PATH_ROOTED, forms[i].name, forms[i].rooted);
        form_is(PATH_FLAT, forms[i].name, forms[i].flat);
    }
}

/* At every room that is too small, from a heap block of just that size. */
static void a_form_needs_room(void **state)
{
    (void)state;
    for (size_t room = 0; room < 8; room++) {
        uint8_t *bytes = malloc(room + !room);
        struct writer w = { .ptr = bytes, .room = room };

        assert_non_null(bytes);
        path_put(&w, PATH_FLAT, span_of("a/../bc/./d/"));
        assert_int_equal(w.bad, room < 6);
        free(bytes);
    }
}

static const struct {
    const char *name;
    enum path_fault fault;
} checked[] = {
    { "/srv/tftp/a", PATH_SOUND },
    { "//srv//tftp//a/", PATH_SOUND },
    { "/srv/tftp", PATH_SOUND },
    { "/srv/tftpd/a", PATH_OUTSIDE },
    { "/srv", PATH_OUTSIDE },
    { "/", PATH_OUTSIDE },
    { "/boot/x", PATH_SOUND },
    { "/boo", PATH_OUTSIDE },
    { "srv/tftp/a", PATH_RELATIVE },
    { "", PATH_RELATIVE },
    { "\\srv\\tftp\\a", PATH_RELATIVE },
    { "/srv/tftp/./a", PATH_DOTS },
    { "/srv/tftp/../tftp/a", PATH_DOTS },
    { "/srv/tftp/..", PATH_DOTS },
    { "/srv/tftp/...", PATH_SOUND },
    { "/srv/tftp/..a", PATH_SOUND },
    { "/srv/tftp/a\x1f", PATH_CONTROL },
    { "/srv/tftp/a\x7f\xff", PATH_SOUND },
};

static const struct path_rules *rules_of(enum path_form form, bool validate)
{
    static const struct kedge_span dirs[] = { { (const uint8_t *)"/srv//tftp/", 11 },
                                              { (const uint8_t *)"/boot", 5 } };
    struct path_rules *rules = malloc(sizeof *rules);

    assert_non_null(rules);
    *rules = (struct path_rules){ form, validate, dirs, COUNT(dirs) };
    return rules;
}

static void names_must_lie_in_a_directory(void **state)
{
    const struct path_rules *strict = rules_of(PATH_AS_IS, true);
    const struct path_rules *loose = rules_of(PATH_AS_IS, false);

    (void)state;
    for (size_t i = 0; i < COUNT(checked); i++) {
        struct kedge_span name = span_of(checked[i].name);

        if (path_validate(strict, name) != checked[i].fault)
            fail_msg("%s", checked[i].name);
        assert_int_equal(path_validate(loose, name), PATH_SOUND);
        assert_true(strlen(path_fault_text(checked[i].fault)) > 10);
    }
    free((void *)strict);
    free((void *)loose);
}

static void request_is(const struct path_rules *rules, const char *name,
                       enum path_fault fault, const char *becomes)
{
    struct policy p = { .paths = rules };
    struct policy_request q = { .keep_backslash = true, .name = span_of(name) };
    uint8_t *memory = malloc(MEMORY);
    struct policy_run r;

    assert_non_null(memory);
    assert_int_equal(policy_start(&r, &p, &q, (struct map_memory){ memory, MEMORY }),
                     POLICY_DECIDED);
    if (fault == PATH_SOUND) {
        assert_int_equal(r.verdict, POLICY_GRANTED);
        assert_string_equal((const char *)r.name.ptr, becomes);
    } else {
        assert_int_equal(r.verdict, POLICY_REFUSED);
        assert_int_equal(r.reason, POLICY_BAD_PATH);
        assert_string_equal(policy_reason_text(&r), path_fault_text(fault));
    }
    free(memory);
}

static void requests_go_by_the_rules(void **state)
{
    const struct path_rules *strict = rules_of(PATH_AS_IS, true);
    const struct path_rules *flat = rules_of(PATH_FLAT, true);
    const struct path_rules *loose = rules_of(PATH_ROOTED, false);

    (void)state;
    request_is(strict, "//srv/tftp/a\\b", PATH_SOUND, "srv/tftp/a\\b");
    request_is(strict, "/srv/tftp/a//", PATH_SOUND, "srv/tftp/a");
    request_is(strict, "/etc/passwd", PATH_OUTSIDE, "");
    request_is(strict, "a", PATH_RELATIVE, "");
    request_is(flat, "srv/tftp/x/../a", PATH_SOUND, "srv/tftp/a");
    request_is(flat, "/srv/tftp/../../etc/passwd", PATH_OUTSIDE, "");
    request_is(loose, "../a/", PATH_SOUND, "../a/");
    free((void *)strict);
    free((void *)flat);
    free((void *)loose);
}

static void a_name_that_outgrows_the_room_is_refused(void **state)
{
    char *name = malloc(POLICY_PATH_ROOM + 1);
    struct policy p = { .paths = rules_of(PATH_ROOTED, false) };
    uint8_t *memory = malloc(MEMORY);
    struct policy_run r;
    struct policy_request q = { .name = { 0 } };

    (void)state;
    assert_true(name && memory);
    memset(name, 'a', POLICY_PATH_ROOM);
    name[POLICY_PATH_ROOM] = '\0';
    q.name = span_of(name);
    assert_int_equal(policy_start(&r, &p, &q, (struct map_memory){ memory, MEMORY }),
                     POLICY_DECIDED);
    assert_int_equal(r.reason, POLICY_LONG_NAME);
    free(name);
    free(memory);
    free((void *)p.paths);
}

/* Rules executed, of a map that never ends. */
static uint32_t steps_of(uint32_t limit)
{
    struct map_rule rules[] = {
        { 1, MAP_RESTART, span_of("^"), { 0 } },
    };
    struct policy_map m = { .map = { rules, COUNT(rules), limit } };
    struct policy_section s = { .kind = POLICY_FLAGS, .has = 1u << POLICY_MAP };
    struct policy p = { .sections = &s, .count = 1, .maps = &m, .map_count = 1 };
    struct policy_request q = { .name = span_of("a") };
    uint8_t *memory = malloc(MEMORY);
    struct policy_run r;
    enum policy_todo todo;
    uint32_t asked = 0;

    assert_non_null(memory);
    s.values[POLICY_MAP].number = 1;
    todo = policy_start(&r, &p, &q, (struct map_memory){ memory, MEMORY });
    while (todo == POLICY_REWROTE || todo == POLICY_NEED_MATCH) {
        struct map_group whole[MAP_GROUPS] = { { 0, 1 } };

        asked += todo == POLICY_NEED_MATCH;
        todo = todo == POLICY_REWROTE ? policy_go(&r) : policy_matched(&r, whole);
    }
    assert_int_equal(r.reason, POLICY_MAP_FAILED);
    free(memory);
    return asked;
}

static void a_map_has_a_limit_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(steps_of(7), 7);
    assert_int_equal(steps_of(0), MAP_STEPS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_take_a_form),
        cmocka_unit_test(a_form_needs_room),
        cmocka_unit_test(names_must_lie_in_a_directory),
        cmocka_unit_test(requests_go_by_the_rules),
        cmocka_unit_test(a_name_that_outgrows_the_room_is_refused),
        cmocka_unit_test(a_map_has_a_limit_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
