/* SPDX-License-Identifier: MIT */
/* Tests of the policy file (cmd/policy_file.h): what it says, and what is said of it. */
#include "cmd/policy_file.h"

#include "../folder.h"
#include "cmd/policy_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The top level of these tests. */
struct options {
    const char *user;
    uint64_t shards;
    bool everywhere;
    struct arg_list follow;
    const char *listen[4];
    size_t listens;
};

static const struct arg rows[] = {
    { .name = "user", .kind = ARG_TEXT, .into = offsetof(struct options, user) },
    { .name = "shards",
      .kind = ARG_NUMBER,
      .low = 1,
      .high = 8,
      .into = offsetof(struct options, shards) },
    { .name = "public", .kind = ARG_FLAG, .into = offsetof(struct options, everywhere) },
    { .name = "follow", .kind = ARG_TEXTS, .into = offsetof(struct options, follow) },
    { .letter = 'q', .kind = ARG_FLAG },
};

static bool set(void *owner, const struct arg *a, const char *value,
                struct args_problem *problem)
{
    return args_set(a, value, owner, problem);
}

static bool add(void *owner, const char *item, struct args_problem *problem)
{
    struct options *o = owner;

    if (o->listens == COUNT(o->listen)) {
        snprintf(problem->text, sizeof problem->text, "has too many");
        return false;
    }
    o->listen[o->listens++] = item;
    return true;
}

struct loaded {
    struct policy_set set;
    struct options options;
    char path[64];
    uint8_t text[8192];
    struct writer complaints;
    bool good;
};

static void load_bytes(struct loaded *l, const void *bytes, size_t len)
{
    struct policy_file_top top = { .args = rows,
                                   .arg_count = COUNT(rows),
                                   .set = set,
                                   .owner = &l->options,
                                   .list = "listen",
                                   .add = add };
    FILE *f;

    memset(l, 0, sizeof *l);
    snprintf(l->path, sizeof l->path, "%s/policy", folder);
    f = fopen(l->path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
    l->complaints = (struct writer){ .ptr = l->text, .room = sizeof l->text - 1 };
    policy_set_init(&l->set);
    l->good = policy_file_load(&l->set, l->path, &top, &l->complaints);
    policy_set_close(&l->set);
    unlink(l->path);
}

static void load(struct loaded *l, const char *text)
{
    load_bytes(l, text, strlen(text));
}

static void a_policy_is_read(void **state)
{
    struct loaded l;
    const struct policy_section *s;

    (void)state;
    load(&l, "listen = { \"tftp://*\", 'echo://*' }\n"
             "root = \"/usr\"\n"
             "default { uploads = \"refuse\"\n get = \"allow\" }\n"
             "follow = { \"/usr/lib\" }  # more\n"
             "client \"192.0.2.0/24\" { uploads = \"create\"\n max-upload = \"64M\" }\n"
             "file '*.cfg' {\n uploads = version\n mode = \"0600\"\n}\n"
             "client \"52:54:00:*\" { root = \"/usr/%m\" }\n"
             "client \"interface eth1\" { blksize-max = 1388 }\n"
             "file \"secret/**\" { get = \"refuse\" timeout = 2s windowsize-max = 8 }\n"
             "client \"2001:db8::1\" { ignore-case = yes max-transfers = 7 }\n"
             "shards = 3\npublic = yes\nuser = \"me\"\n");
    assert_string_equal((const char *)l.text, "");
    assert_true(l.good);
    assert_int_equal(l.options.listens, 2);
    assert_string_equal(l.options.listen[1], "echo://*");
    assert_string_equal(l.options.user, "me");
    assert_int_equal(l.options.shards, 3);
    assert_true(l.options.everywhere);
    assert_int_equal(l.options.follow.count, 1);
    assert_int_equal(l.set.policy.count, 8);
    s = l.set.policy.sections;
    assert_int_equal(s[0].kind, POLICY_CLIENT);
    assert_int_equal(s[0].match.bits, 24);
    assert_int_equal(s[0].match.address[2], 2);
    assert_int_equal(s[0].values[POLICY_UPLOADS].number, 1);
    assert_int_equal(s[0].values[POLICY_UPLOADS].line, 6);
    assert_int_equal(s[0].values[POLICY_MAX_UPLOAD].number, 64 << 20);
    assert_int_equal(s[0].values[POLICY_MAX_UPLOAD].line, 7);
    assert_int_equal(s[1].kind, POLICY_FILE);
    assert_int_equal(s[1].values[POLICY_MODE].number, 0600);
    assert_int_equal(s[1].values[POLICY_UPLOADS].number, 3);
    assert_int_equal(s[2].match.mac_bytes, 3);
    assert_string_equal((const char *)s[2].values[POLICY_ROOT].text.ptr, "/usr/%m");
    assert_true(span_equal(s[3].match.interface, span_of("eth1")));
    assert_int_equal(s[3].values[POLICY_BLKSIZE_MAX].number, 1388);
    assert_int_equal(s[4].values[POLICY_GET].number, 0);
    assert_int_equal(s[4].values[POLICY_TIMEOUT].number, 2 * KEDGE_SEC);
    assert_int_equal(s[5].match.address_bytes, 16);
    assert_int_equal(s[5].match.bits, 128);
    assert_int_equal(s[5].values[POLICY_IGNORE_CASE].number, 1);
    assert_int_equal(s[6].kind, POLICY_DEFAULT);
    assert_int_equal(s[6].values[POLICY_GET].number, 1);
    assert_int_equal(s[7].kind, POLICY_TOP);
    policy_set_free(&l.set);
}

static const struct {
    const char *text;
    const char *line; /* ":LINE: what" */
} faults[] = {
    { "rot = 5\n", ":1: no such option 'rot'; allowed are" },
    { "\nclient \"10.0.0.1\" {\n up = 1\n}",
      ":3: no such option 'up'; allowed are get uploads" },
    { "file \"a\" {\n root = \"/usr\" }", ":2: no such option 'root'; allowed are get" },
    { "client \"10.0.0.1\" { get = no }", ":1: get takes one of refuse|allow, not 'no'" },
    { "client \"10.0.0.1\" { uploads = all }",
      ":1: uploads takes one of refuse|create|overwrite|version, not 'all'" },
    { "default { max-upload = 0 }", ":1: max-upload takes a size such as" },
    { "default { mode = 0888 }", ":1: mode takes an octal number, 0 to 777, not '0888'" },
    { "default { mode = 1777 }", ":1: mode takes an octal number, 0 to 777, not '1777'" },
    { "default { blksize-max = 7 }",
      ":1: blksize-max takes a number, 8 to 65464, not '7'" },
    { "default { timeout = 1ms }",
      ":1: timeout takes a time such as 10ms or 2s, 10ms to 255s" },
    { "default { root = \"/nonexistent\" }",
      ":1: root takes a directory that is there, from / on, not '/nonexistent'" },
    { "default { root = \"usr\" }",
      ":1: root takes a directory that is there, from / on" },
    { "default { root = \"/nonexistent/%a\" }",
      ":1: root takes a directory that is there" },
    { "default { root = \"/usr/%x\" }", ":1: root may hold %a (address), %m (MAC)" },
    { "default { root = \"/usr/%\" }", ":1: root may hold %a (address), %m (MAC)" },
    { "default { ignore-case = maybe }",
      ":1: ignore-case takes one of no|yes, not 'maybe'" },
    { "default { map = \"/nonexistent\" }",
      ":1: map cannot be used: /nonexistent: No such file" },
    { "client \"10.0.0.256\" { get = allow }",
      ":1: client takes an address, a CIDR prefix" },
    { "client \"10.0.0.0/33\" { get = allow }", ":1: client takes an address" },
    { "client \"10.0.0.0/\" { get = allow }", ":1: client takes an address" },
    { "client \"fe80::1%eth0\" { get = allow }", ":1: client takes an address" },
    { "client \"interface \" { get = allow }", ":1: client takes an address" },
    { "file \"\" { get = allow }", ":1: file takes a pattern of 1 to 128 bytes" },
    { "client \"a\" { }\nclient \"a\" { get = allow }", ":2: found duplicate title 'a'" },
    { "client { get = allow }", ":1: missing title for section 'client'" },
    { "default { get = allow\n get = refuse }", ":2: get is set twice" },
    { "shards = 2\nshards = 3\n", ":2: shards is set twice" },
    { "root = \"/usr\"\nroot = \"/usr\"\n", ":2: root is set twice" },
    { "shards = 9\n", ":1: shards takes a number, 1 to 8, not '9'" },
    { "public = perhaps\n", ":1: public takes yes or no, not 'perhaps'" },
    { "listen = { a, b, c,\n d, e }", ":2: listen has too many" },
    { "root = { \"a\" }", ":1: unexpected token '{'" },
    { "default {\n get = allow", ":3: the section is not closed: } is missing" },
    { "shards = 2 /* more", ":0: a comment is not closed: */ is missing" },
    { "user = \"me", ":" },
    { "include(\"/etc/passwd\")", ":1: no such option 'include'" },
};

static void each_fault_has_line_key_and_what_is_allowed(void **state)
{
    struct loaded l;

    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        char want[300];

        load(&l, faults[i].text);
        snprintf(want, sizeof want, "%s%s", l.path, faults[i].line);
        if (l.good || strncmp((const char *)l.text, want, strlen(want)) != 0)
            fail_msg("%s: %s", faults[i].text, (const char *)l.text);
        policy_set_free(&l.set);
    }
}

static void all_wrong_values_are_said_at_once(void **state)
{
    struct loaded l;

    (void)state;
    load(&l, "default {\n mode = 9\n timeout = x\n}\nshards = 0\n");
    assert_false(l.good);
    assert_non_null(strstr((const char *)l.text, ":2: mode "));
    assert_non_null(strstr((const char *)l.text, ":3: timeout "));
    assert_non_null(strstr((const char *)l.text, ":5: shards "));
    policy_set_free(&l.set);
}

static void limits_are_named(void **state)
{
    static char large[POLICY_FILE_MAX + 1];
    struct loaded l;
    size_t len = 0;

    (void)state;
    memset(large, ' ', sizeof large);
    load_bytes(&l, large, sizeof large);
    assert_false(l.good);
    assert_non_null(
        strstr((const char *)l.text, "larger than 4 MiB, the limit of a policy file"));
    policy_set_free(&l.set);
    load_bytes(&l, large, sizeof large - 1);
    assert_true(l.good);
    policy_set_free(&l.set);
    load_bytes(&l, "a\0b", 3);
    assert_false(l.good);
    policy_set_free(&l.set);
    for (unsigned i = 0; i < 1000; i++)
        len += (size_t)snprintf(large + len, sizeof large - len,
                                "client \"10.0.%u.%u\" { blksize-max = %u }\n", i / 250,
                                i % 250, i + 8);
    load_bytes(&l, large, len);
    assert_true(l.good);
    assert_int_equal(l.set.policy.count, 1000);
    assert_int_equal(l.set.policy.sections[999].values[POLICY_BLKSIZE_MAX].number, 1007);
    policy_set_free(&l.set);
}

static void comments_count_as_the_lines_they_are(void **state)
{
    struct loaded l;

    (void)state;
    load(&l, "# one\n// two\n/* three\n four */ user = \"#'//\" # five\n"
             "listen = { tftp://h, 'a # b', \"c \\\" // d\" }\nshards = x\n");
    assert_false(l.good);
    assert_non_null(strstr((const char *)l.text, "policy:6: shards takes a number"));
    assert_string_equal(l.options.user, "#'//");
    assert_int_equal(l.options.listens, 3);
    assert_string_equal(l.options.listen[0], "tftp://h");
    assert_string_equal(l.options.listen[1], "a # b");
    assert_string_equal(l.options.listen[2], "c \" // d");
    policy_set_free(&l.set);
}

static void a_map_is_loaded_once(void **state)
{
    struct loaded l;
    char map[64];
    char text[400];
    FILE *f;

    (void)state;
    snprintf(map, sizeof map, "%s/map", folder);
    f = fopen(map, "w");
    assert_non_null(f);
    fputs("r a b\n", f);
    fclose(f);
    snprintf(text, sizeof text,
             "client \"::/0\" { map = '%s' }\ndefault { map = '%s' }\n", map, map);
    load(&l, text);
    unlink(map);
    assert_true(l.good);
    assert_int_equal(l.set.policy.map_count, 1);
    assert_int_equal(l.set.policy.sections[0].values[POLICY_MAP].number, 1);
    assert_int_equal(l.set.policy.sections[1].values[POLICY_MAP].number, 1);
    policy_set_free(&l.set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_is_read),
        cmocka_unit_test(each_fault_has_line_key_and_what_is_allowed),
        cmocka_unit_test(all_wrong_values_are_said_at_once),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(comments_count_as_the_lines_they_are),
        cmocka_unit_test(a_map_is_loaded_once),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
