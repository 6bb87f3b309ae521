/* SPDX-License-Identifier: MIT */
/* Tests of the policy machine (policy/policy.h). */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BIT(key) (1u << (key))
#define MEMORY (POLICY_PATH_ROOM + 4 * 64)

/* One that sets one key to a number. */
static struct policy_section section(enum policy_kind kind, const char *title,
                                     enum policy_key key, uint64_t number)
{
    struct policy_section s = { .kind = kind, .title = span_of(title), .has = BIT(key) };

    s.values[key].number = number;
    if (kind == POLICY_CLIENT && !policy_mac_parse(s.title, &s.match))
        s.match = (struct policy_match){ .kind = POLICY_INTERFACE, .interface = s.title };
    return s;
}

static struct policy_section rooted(enum policy_kind kind, const char *title,
                                    const char *root)
{
    struct policy_section s = section(kind, title, POLICY_ROOT, 0);

    s.values[POLICY_ROOT].text = span_of(root);
    return s;
}

static struct policy_request asks(const char *name, bool put)
{
    static const uint8_t address[] = { 192, 0, 2, 7 };

    return (struct policy_request){ .client = { .address = { address, 4 },
                                                .text = span_of("192.0.2.7"),
                                                .mac_state = POLICY_MAC_KNOWN,
                                                .mac = { 0x52, 0x54, 0, 1, 2, 3 },
                                                .interface = span_of("eth1") },
                                    .put = put,
                                    .name = span_of(name) };
}

static uint8_t *memory_new(void)
{
    uint8_t *m = malloc(MEMORY);

    assert_non_null(m);
    return m;
}

static enum policy_todo start(struct policy_run *r, const struct policy *p,
                              const struct policy_request *q, uint8_t *memory)
{
    return policy_start(r, p, q, (struct map_memory){ memory, MEMORY });
}

static void the_first_that_sets_a_key_decides_it(void **state)
{
    struct policy_section s[] = {
        section(POLICY_CLIENT, "eth0", POLICY_BLKSIZE_MAX, 1),
        section(POLICY_FILE, "*.img", POLICY_BLKSIZE_MAX, 2),
        section(POLICY_CLIENT, "eth1", POLICY_BLKSIZE_MAX, 3),
        section(POLICY_CLIENT, "52:54:*", POLICY_BLKSIZE_MAX, 4),
        section(POLICY_CLIENT, "52:54:00:*", POLICY_TIMEOUT, 5),
        section(POLICY_DEFAULT, "", POLICY_WINDOWSIZE_MAX, 6),
        section(POLICY_TOP, "", POLICY_WINDOWSIZE_MAX, 7),
    };
    struct policy p = { .sections = s, .count = COUNT(s) };
    uint8_t *memory = memory_new();
    struct policy_request q = asks("a.cfg", false);
    struct policy_run r;

    (void)state;
    assert_int_equal(start(&r, &p, &q, memory), POLICY_DECIDED);
    assert_int_equal(r.verdict, POLICY_GRANTED);
    assert_ptr_equal(r.keys[POLICY_BLKSIZE_MAX].by, &s[2]);
    assert_int_equal(r.keys[POLICY_BLKSIZE_MAX].value.number, 3);
    assert_ptr_equal(r.keys[POLICY_TIMEOUT].by, &s[4]);
    assert_int_equal(r.keys[POLICY_WINDOWSIZE_MAX].value.number, 6);
    assert_false(r.keys[POLICY_MODE].set);
    q = asks("x/a.img", false);
    assert_int_equal(start(&r, &p, &q, memory), POLICY_DECIDED);
    assert_ptr_equal(r.keys[POLICY_BLKSIZE_MAX].by, &s[1]);
    free(memory);
}

static const struct {
    const char *name;
    bool put;
    enum policy_verdict verdict;
    enum policy_reason reason;
    const char *becomes;
} rights[] = {
    { "a", false, POLICY_GRANTED, POLICY_NO_REASON, "a" },
    { "//a//b", false, POLICY_GRANTED, POLICY_NO_REASON, "a/b" },
    { "\\Boot\\BCD", false, POLICY_GRANTED, POLICY_NO_REASON, "Boot/BCD" },
    { "./a/./b/", false, POLICY_GRANTED, POLICY_NO_REASON, "a/b/" },
    { "a", true, POLICY_REFUSED, POLICY_PUT_REFUSED, "a" },
    { "in/a", true, POLICY_GRANTED, POLICY_NO_REASON, "in/a" },
    { "secret/a", false, POLICY_REFUSED, POLICY_GET_REFUSED, "secret/a" },
    { "./secret//a", false, POLICY_REFUSED, POLICY_GET_REFUSED, "secret/a" },
    { "\\secret\\a", false, POLICY_REFUSED, POLICY_GET_REFUSED, "secret/a" },
    { "x/../secret/a", false, POLICY_REFUSED, POLICY_DOTS, "x/../secret/a" },
    { "x\\..\\secret/a", false, POLICY_REFUSED, POLICY_DOTS, "x/../secret/a" },
    { "..", false, POLICY_REFUSED, POLICY_DOTS, ".." },
    { "..a/b..", false, POLICY_GRANTED, POLICY_NO_REASON, "..a/b.." },
    { "", false, POLICY_GRANTED, POLICY_NO_REASON, "" },
    { "1234567890123456789012345678901234567890123456789012345678901234", false,
      POLICY_REFUSED, POLICY_LONG_NAME, "" },
};

static void rights_are_of_the_clean_name(void **state)
{
    struct policy_section s[] = {
        section(POLICY_FILE, "secret/**", POLICY_GET, 0),
        section(POLICY_FILE, "in/*", POLICY_UPLOADS, 2),
        section(POLICY_DEFAULT, "", POLICY_UPLOADS, 0),
    };
    struct policy p = { .sections = s, .count = COUNT(s) };
    uint8_t *memory = memory_new();
    struct policy_run r;

    (void)state;
    for (size_t i = 0; i < COUNT(rights); i++) {
        struct policy_request q = asks(rights[i].name, rights[i].put);

        assert_int_equal(start(&r, &p, &q, memory), POLICY_DECIDED);
        if (r.verdict != rights[i].verdict || r.reason != rights[i].reason ||
            !span_equal(r.name, span_of(rights[i].becomes)))
            fail_msg("%s: %s", rights[i].name, policy_reason_text(&r));
    }
    free(memory);
}

/* Nothing is judged by name, so `..` is left to the directory. */
static void without_sections_of_files_dots_pass(void **state)
{
    struct policy p = { 0 };
    uint8_t *memory = memory_new();
    struct policy_request q = asks("a/../b\\c", false);
    struct policy_run r;

    (void)state;
    q.keep_backslash = true;
    assert_int_equal(start(&r, &p, &q, memory), POLICY_DECIDED);
    assert_int_equal(r.verdict, POLICY_GRANTED);
    assert_true(span_equal(r.name, span_of("a/../b\\c")));
    q = asks("a", true);
    assert_int_equal(start(&r, &p, &q, memory), POLICY_DECIDED);
    assert_int_equal(r.reason, POLICY_PUT_REFUSED); /* unset is refused */
    free(memory);
}

static const struct {
    const char *root;
    enum policy_mac mac;
    bool interface;
    enum policy_verdict verdict;
    enum policy_reason reason;
    const char *becomes;
} roots[] = {
    { "/srv", POLICY_MAC_NONE, false, POLICY_GRANTED, POLICY_NO_REASON, "/srv" },
    { "/srv/%a", POLICY_MAC_NONE, false, POLICY_GRANTED, POLICY_NO_REASON,
      "/srv/192.0.2.7" },
    { "/%m/x", POLICY_MAC_KNOWN, false, POLICY_GRANTED, POLICY_NO_REASON,
      "/52-54-00-01-02-03/x" },
    { "/%i%%", POLICY_MAC_NONE, true, POLICY_GRANTED, POLICY_NO_REASON, "/eth1%" },
    { "/%m", POLICY_MAC_NONE, true, POLICY_REFUSED, POLICY_NO_MAC, "" },
    { "/%m", POLICY_MAC_PENDING, true, POLICY_LATER, POLICY_NO_MAC, "" },
    { "/%i", POLICY_MAC_KNOWN, false, POLICY_REFUSED, POLICY_NO_INTERFACE, "" },
    { "/%q", POLICY_MAC_KNOWN, true, POLICY_REFUSED, POLICY_BAD_ROOT, "" },
    { "/%", POLICY_MAC_KNOWN, true, POLICY_REFUSED, POLICY_BAD_ROOT, "" },
};

static void roots_are_filled_in(void **state)
{
    uint8_t *memory = memory_new();
    struct policy_run r;

    (void)state;
    for (size_t i = 0; i < COUNT(roots); i++) {
        struct policy_section s = rooted(POLICY_TOP, "", roots[i].root);
        struct policy p = { .sections = &s, .count = 1 };
        struct policy_request q = asks("a", false);

        q.client.mac_state = roots[i].mac;
        if (!roots[i].interface)
            q.client.interface = (struct kedge_span){ 0 };
        assert_int_equal(start(&r, &p, &q, memory), POLICY_DECIDED);
        if (r.verdict != roots[i].verdict || r.reason != roots[i].reason ||
            (r.verdict == POLICY_GRANTED &&
             !span_equal(r.root, span_of(roots[i].becomes))))
            fail_msg("%s: %s", roots[i].root, policy_reason_text(&r));
    }
    free(memory);
}

static void a_root_has_a_longest(void **state)
{
    static char path[POLICY_PATH_ROOM + 1];
    struct policy_section s;
    struct policy p = { .sections = &s, .count = 1 };
    uint8_t *memory = memory_new();
    struct policy_request q = asks("a", false);
    struct policy_run r;

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[POLICY_PATH_ROOM - 1] = '\0';
    s = rooted(POLICY_TOP, "", path);
    assert_int_equal(start(&r, &p, &q, memory), POLICY_DECIDED);
    assert_int_equal(r.verdict, POLICY_GRANTED);
    path[POLICY_PATH_ROOM - 1] = 'a';
    s = rooted(POLICY_TOP, "", path);
    assert_int_equal(start(&r, &p, &q, memory), POLICY_DECIDED);
    assert_int_equal(r.reason, POLICY_BAD_ROOT);
    free(memory);
}

static void case_is_asked_for(void **state)
{
    struct policy_section s[] = {
        section(POLICY_CLIENT, "eth1", POLICY_IGNORE_CASE, 1),
        section(POLICY_FILE, "Boot/*", POLICY_GET, 0),
    };
    struct policy p = { .sections = s, .count = COUNT(s) };
    uint8_t *memory = memory_new();
    struct policy_request q = asks("boot\\bcd", false);
    struct kedge_span found = span_of("Boot/BCD");
    struct policy_run r;

    (void)state;
    assert_int_equal(start(&r, &p, &q, memory), POLICY_NEED_CASE);
    assert_true(span_equal(r.name, span_of("boot/bcd")));
    assert_int_equal(policy_case(&r, &found, (struct kedge_span){ 0 }), POLICY_DECIDED);
    assert_int_equal(r.reason, POLICY_GET_REFUSED); /* by the name that is there */
    assert_int_equal(start(&r, &p, &q, memory), POLICY_NEED_CASE);
    assert_int_equal(policy_case(&r, &r.name, (struct kedge_span){ 0 }), POLICY_DECIDED);
    assert_int_equal(r.verdict, POLICY_GRANTED);
    assert_int_equal(start(&r, &p, &q, memory), POLICY_NEED_CASE);
    assert_int_equal(policy_case(&r, NULL, span_of("BOOT and Boot")), POLICY_DECIDED);
    assert_int_equal(r.reason, POLICY_CASE_TWICE);
    assert_true(span_equal(r.text, span_of("BOOT and Boot")));
    q.client.interface = span_of("eth2");
    assert_int_equal(start(&r, &p, &q, memory), POLICY_DECIDED);
    free(memory);
}

static struct map_char same(const void *owner, struct kedge_span text, enum map_fold fold)
{
    struct map_char c = { .taken = 1, .len = 1 };

    (void)owner;
    (void)fold;
    c.out[0] = text.ptr[0];
    return c;
}

/* A map's rules: r ^ <new>, E ^, a ^ no. */
static void a_map_runs_before_names_are_judged(void **state)
{
    struct map_rule rules[] = {
        { .line = 1, .letters = MAP_REWRITE, .pattern = span_of("secret\\\\x") },
        { .line = 2, .letters = MAP_FILE },
        { .line = 3, .letters = MAP_ABORT, .pattern = span_of("no") },
    };
    struct policy_map m = { .map = { .rules = rules, .count = COUNT(rules) },
                            .chars = { .take = same } };
    struct policy_section s[] = {
        section(POLICY_FILE, "secret/*", POLICY_GET, 0),
        section(POLICY_DEFAULT, "", POLICY_MAP, 1),
    };
    struct policy p = { .sections = s, .count = COUNT(s), .maps = &m, .map_count = 1 };
    struct map_group all[MAP_GROUPS] = { { 0, 1 } };
    uint8_t *memory = memory_new();
    struct policy_request q = asks("a", false);
    struct policy_run r;

    (void)state;
    assert_int_equal(start(&r, &p, &q, memory), POLICY_NEED_MATCH);
    assert_ptr_equal(r.map_run.rule, &rules[0]);
    assert_int_equal(policy_matched(&r, all), POLICY_REWROTE);
    assert_true(span_equal(r.name, span_of("secret\\x")));
    assert_int_equal(policy_go(&r), POLICY_NEED_MATCH);
    assert_int_equal(policy_matched(&r, all), POLICY_NEED_FILE);
    assert_true(span_equal(r.name, span_of("secret/x")));
    assert_int_equal(policy_file(&r, true), POLICY_DECIDED);
    assert_int_equal(r.reason, POLICY_GET_REFUSED);
    assert_int_equal(start(&r, &p, &q, memory), POLICY_NEED_MATCH);
    assert_int_equal(policy_matched(&r, NULL), POLICY_NEED_MATCH);
    assert_int_equal(policy_matched(&r, all), POLICY_NEED_FILE);
    assert_int_equal(policy_file(&r, false), POLICY_NEED_MATCH);
    assert_int_equal(policy_matched(&r, all), POLICY_DECIDED);
    assert_int_equal(r.reason, POLICY_MAP_REFUSED);
    assert_true(span_equal(r.text, span_of("no")));
    assert_string_equal(policy_reason_text(&r), "a rule of the map refuses it");
    rules[0].pattern = span_of("../x"); /* what no rule of files can judge is not there */
    assert_int_equal(start(&r, &p, &q, memory), POLICY_NEED_MATCH);
    assert_int_equal(policy_matched(&r, all), POLICY_REWROTE);
    assert_int_equal(policy_go(&r), POLICY_NEED_MATCH);
    assert_int_equal(policy_matched(&r, all), POLICY_NEED_MATCH);
    assert_ptr_equal(r.map_run.rule, &rules[2]);
    free(memory);
}

static void a_map_that_fails_refuses(void **state)
{
    struct map_rule rule = { .line = 1, .letters = MAP_RESTART };
    struct policy_map m = { .map = { .rules = &rule, .count = 1 },
                            .chars = { .take = same } };
    struct policy_section s = section(POLICY_DEFAULT, "", POLICY_MAP, 1);
    struct policy p = { .sections = &s, .count = 1, .maps = &m, .map_count = 1 };
    struct map_group all[MAP_GROUPS] = { { 0, 0 } };
    uint8_t *memory = memory_new();
    struct policy_request q = asks("a", false);
    struct policy_run r;
    enum policy_todo todo = start(&r, &p, &q, memory);

    (void)state;
    while (todo == POLICY_NEED_MATCH)
        todo = policy_matched(&r, all);
    assert_int_equal(todo, POLICY_DECIDED);
    assert_int_equal(r.verdict, POLICY_REFUSED);
    assert_string_equal(policy_reason_text(&r), map_failure_text(MAP_LOOPS));
    free(memory);
}

/* Not even a rule that refuses is passed over: the client hears nothing, and asks again. */
static void a_rule_that_nobody_can_match_puts_off(void **state)
{
    struct map_rule rules[] = { { .line = 1, .letters = MAP_ABORT }, { .line = 2 } };
    struct policy_map m = { .map = { .rules = rules, .count = 2 },
                            .chars = { .take = same } };
    struct policy_section s = section(POLICY_DEFAULT, "", POLICY_MAP, 1);
    struct policy p = { .sections = &s, .count = 1, .maps = &m, .map_count = 1 };
    uint8_t *memory = memory_new();
    struct policy_request q = asks("a", false);
    struct policy_run r;

    (void)state;
    assert_int_equal(start(&r, &p, &q, memory), POLICY_NEED_MATCH);
    assert_int_equal(policy_unmatched(&r), POLICY_DECIDED);
    assert_int_equal(r.verdict, POLICY_LATER);
    assert_ptr_equal(r.map_run.rule, &rules[0]);
    assert_string_equal(policy_reason_text(&r), map_failure_text(MAP_UNMATCHED));
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_sets_a_key_decides_it),
        cmocka_unit_test(rights_are_of_the_clean_name),
        cmocka_unit_test(without_sections_of_files_dots_pass),
        cmocka_unit_test(roots_are_filled_in),
        cmocka_unit_test(a_root_has_a_longest),
        cmocka_unit_test(case_is_asked_for),
        cmocka_unit_test(a_map_runs_before_names_are_judged),
        cmocka_unit_test(a_map_that_fails_refuses),
        cmocka_unit_test(a_rule_that_nobody_can_match_puts_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
