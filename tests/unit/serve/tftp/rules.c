/* SPDX-License-Identifier: MIT */
/* Tests of what the policy asks of the disk (serve/tftp/rules.h). */
#include "serve/tftp/rules.h"

#include "../../file/refuse.h"
#include "../../folder.h"
#include "../../skip.h"
#include "base/bytes.h"
#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* A root with the file "There", and a policy of one section. */
struct judged {
    struct policy_set set;
    struct store_root root;
    const uint8_t *mac; /* the client's, for explain */
    bool quick;
    struct rules rules;
    char path[128];
};

static void put_file(struct judged *j, const char *name, const char *text)
{
    FILE *file;

    snprintf(j->path, sizeof j->path, "%s/%s", folder, name);
    file = fopen(j->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void begin(struct judged *j, enum policy_key key, uint64_t number)
{
    struct policy_section *all;

    all = policy_set_add(&j->set);
    assert_non_null(all);
    all->kind = POLICY_DEFAULT;
    all->has = 1u << key;
    all->values[key].number = number;
    policy_set_close(&j->set);
}

static struct judged *opened(void)
{
    struct judged *j = calloc(1, sizeof *j);

    assert_non_null(j);
    policy_set_init(&j->set);
    assert_int_equal(root_open(&j->root, folder).error, STORE_OK);
    return j;
}

static void closed(struct judged *j)
{
    policy_set_free(&j->set);
    root_close(&j->root);
    assert_int_equal(unlink(j->path), 0);
    free(j);
}

static enum store_error judge(struct judged *j, const char *name)
{
    struct net_address peer;
    struct rules_base base = { .root = &j->root, .mac = j->mac, .quick = j->quick };
    struct provider_request q = { .peer = &peer, .name = span_of(name) };

    assert_true(net_address_parse("127.0.0.1", 3000, &peer));
    rules_judge(&j->set, &base, &q, NULL, &j->rules);
    return j->rules.result.error;
}

/* While this process may open nothing more. */
static enum store_error judge_without_descriptors(struct judged *j, const char *name)
{
    struct rlimit before, none;
    enum store_error error;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)dup(0); /* the lowest that is free */
    close((int)none.rlim_cur);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    error = judge(j, name);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    return error;
}

/* "Not there" would be the end of a boot; in a moment it can be had. */
static void without_descriptors_a_name_in_another_case_is_put_off(void **state)
{
    struct judged *j = opened();

    (void)state;
    begin(j, POLICY_IGNORE_CASE, 1);
    put_file(j, "There", "");
    assert_int_equal(judge(j, "there"), STORE_OK);
    assert_string_equal(j->rules.name.text, "There");
    assert_int_equal(judge_without_descriptors(j, "there"), STORE_BUSY);
    assert_int_equal(judge(j, "there"), STORE_OK);
    closed(j);
}

static void begin_by_map(struct judged *j, const char *lines)
{
    uint8_t text[256];
    struct writer complaints = { .ptr = text, .room = sizeof text };
    uint64_t map;

    put_file(j, "map", lines);
    map = policy_set_map(&j->set, j->path, &complaints);
    unlink(j->path);
    assert_int_not_equal(map, 0);
    begin(j, POLICY_MAP, map);
    put_file(j, "There", "");
}

static void without_descriptors_a_map_that_asks_for_a_file_is_put_off(void **state)
{
    struct judged *j = opened();

    (void)state;
    begin_by_map(j, "rE ^ T\na ^\n");
    assert_int_equal(judge(j, "here"), STORE_OK);
    assert_string_equal(j->rules.name.text, "There");
    assert_int_equal(judge_without_descriptors(j, "here"), STORE_BUSY);
    assert_int_equal(judge(j, "nothing"), STORE_DENIED);
    closed(j);
}

/* Where a match may take seconds, only whether it comes to that is found out. */
static void a_back_reference_is_slow_where_it_is_come_to(void **state)
{
    struct judged *j = opened();

    (void)state;
    begin_by_map(j, "re ^There$ There\nr (.)\\1 There\n");
    assert_true(j->set.blocks);
    j->quick = true;
    assert_int_equal(judge(j, "There"), STORE_OK);
    assert_false(j->rules.slow);
    (void)judge(j, "aa");
    assert_true(j->rules.slow);
    j->quick = false;
    assert_int_equal(judge(j, "aa"), STORE_OK);
    assert_false(j->rules.slow);
    assert_string_equal(j->rules.name.text, "There");
    closed(j);
}

/* What decided is said: of a title what there is room for. */
static void the_rule_that_decided_is_named(void **state)
{
    struct judged *j = opened();
    struct policy_section *file;

    (void)state;
    file = policy_set_add(&j->set);
    assert_non_null(file);
    file->kind = POLICY_FILE;
    file->title = span_of("a-name-of-forty-bytes-that-is-too-long-*");
    file->has = 1u << POLICY_GET;
    file->values[POLICY_GET].line = UINT32_MAX;
    begin(j, POLICY_IGNORE_CASE, 0);
    put_file(j, "There", "");
    assert_int_equal(judge(j, "a-name-of-forty-bytes-that-is-too-long-1"), STORE_DENIED);
    assert_string_equal(j->rules.rule,
                        "get: file a-name-of-forty-bytes-that-is..., line 4294967295");
    assert_int_equal(judge(j, "There"), STORE_OK);
    assert_string_equal(j->rules.rule, "");
    closed(j);
}

static struct store_result enter_from(struct judged *j, struct rules *rules,
                                      const char *host)
{
    struct net_address client;

    assert_true(net_address_parse(host, 3000, &client));
    return rules_enter(&j->set, rules, &client);
}

static struct store_result enter(struct judged *j, struct rules *rules)
{
    return enter_from(j, rules, "127.0.0.1");
}

/* default { max-transfers = 2 }, and the same beside no section */
static void a_section_has_so_many_transfers(void **state)
{
    struct judged *j = opened();
    struct writer complaints = { 0 };
    struct net_address client;
    struct rules other;

    (void)state;
    assert_true(net_address_parse("127.0.0.1", 3000, &client));
    put_file(j, "There", "");
    begin(j, POLICY_MAX_TRANSFERS, 2);
    assert_true(policy_set_open_roots(&j->set, 3, &complaints));
    j->set.sections[0].values[POLICY_MAX_TRANSFERS].line = 9;
    assert_int_equal(judge(j, "There"), STORE_OK);
    other = j->rules;
    assert_int_equal(enter(j, &j->rules).error, STORE_OK);
    assert_int_equal(enter(j, &other).error, STORE_OK);
    assert_int_equal(enter(j, &other).error, STORE_BUSY);
    assert_string_equal(
        other.why,
        "its network has as many transfers as it may have (line 9 of the policy)");
    assert_string_equal(other.rule, "max-transfers: default, line 9");
    rules_leave(&j->set, &j->rules, &client);
    assert_int_equal(enter(j, &other).error, STORE_OK);
    assert_int_equal(enter(j, &other).error, STORE_BUSY);
    closed(j);
}

static void what_cannot_be_counted_waits(void **state)
{
    struct judged *j = opened();
    struct writer complaints = { 0 };
    struct rules other;

    (void)state;
    put_file(j, "There", "");
    begin(j, POLICY_MAX_TRANSFERS, 2);
    assert_true(policy_set_open_roots(&j->set, 1, &complaints));
    assert_int_equal(judge(j, "There"), STORE_OK);
    other = j->rules;
    assert_int_equal(enter(j, &j->rules).error, STORE_OK);
    assert_int_equal(enter_from(j, &other, "192.0.2.1").error, STORE_BUSY);
    assert_string_equal(other.why, "all transfers that the policy can count are running");
    closed(j);
}

static void the_top_level_counts_nothing(void **state)
{
    struct judged *j = opened();
    struct writer complaints = { 0 };

    (void)state;
    put_file(j, "There", "");
    begin(j, POLICY_MAX_TRANSFERS, 1);
    assert_true(policy_set_open_roots(&j->set, 3, &complaints));
    j->set.sections[0].kind = POLICY_TOP;
    assert_int_equal(judge(j, "There"), STORE_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(enter(j, &j->rules).error, STORE_OK);
    closed(j);
}

static void a_section_has_its_timeout(void **state)
{
    struct judged *j = opened();

    (void)state;
    put_file(j, "There", "");
    begin(j, POLICY_TIMEOUT, 300 * KEDGE_MSEC);
    assert_int_equal(judge(j, "There"), STORE_OK);
    assert_true(j->rules.timeout == 300 * KEDGE_MSEC);
    assert_int_equal(enter(j, &j->rules).error, STORE_OK);
    closed(j);
}

/* client MAC { get = refuse } */
static void begin_by_mac(struct judged *j, const char *mac)
{
    struct policy_section *s = policy_set_add(&j->set);

    assert_non_null(s);
    s->kind = POLICY_CLIENT;
    assert_true(policy_mac_parse(span_of(mac), &s->match));
    s->has = 1u << POLICY_GET;
    s->values[POLICY_GET].line = 7;
    assert_false(j->set.by_mac);
    begin(j, POLICY_GET, 1);
}

static void a_policy_by_mac_is_judged_on_a_helper(void **state)
{
    struct judged *j = opened();

    (void)state;
    begin_by_mac(j, "52:54:00:12:34:56");
    put_file(j, "There", "");
    assert_true(j->set.by_mac);
    assert_true(j->set.blocks);
    closed(j);
}

static void a_section_by_mac_is_for_that_mac(void **state)
{
    static const uint8_t its[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
    static const uint8_t other[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x57 };
    struct judged *j = opened();

    (void)state;
    begin_by_mac(j, "52:54:00:12:34:56");
    put_file(j, "There", "");
    j->mac = its;
    assert_int_equal(judge(j, "There"), STORE_DENIED);
    assert_string_equal(j->rules.result.why,
                        "this file is not read here (line 7 of the policy)");
    j->mac = other;
    assert_int_equal(judge(j, "There"), STORE_OK);
    closed(j);
}

static void a_client_without_a_mac_has_no_section_by_mac(void **state)
{
    struct judged *j = opened();

    (void)state;
    begin_by_mac(j, "*");
    put_file(j, "There", "");
    assert_int_equal(judge(j, "There"), STORE_OK); /* of this host */
    assert_false(j->rules.mac_pending);
    j->set.sections[1].values[POLICY_GET].number = 0;
    assert_int_equal(judge(j, "There"), STORE_DENIED);
    assert_string_equal(j->rules.result.why,
                        "this file is not read here; it has no MAC on this network");
    closed(j);
}

/* 0: denied by the rest, and said; 1: not. */
static int judge_and_say(void *arg)
{
    struct judged *j = arg;

    j->set.sections[1].values[POLICY_GET].number = 0;
    return judge(j, "There") != STORE_DENIED || !j->rules.mac_failed ||
           strcmp(j->rules.result.why,
                  "this file is not read here; its MAC could not be asked for") != 0;
}

/* 0: put off. */
static int judge_and_wait(void *arg)
{
    struct judged *j = arg;

    return judge(j, "There") != STORE_BUSY;
}

static void a_kernel_that_answers_in_a_moment_is_waited_for(void **state)
{
    const unsigned errors[] = { EAGAIN, EBUSY, EINTR };
    struct judged *j = opened();
    int waits = 0;

    (void)state;
    begin_by_mac(j, "*");
    put_file(j, "There", "");
    for (size_t i = 0; i < 3 && waits == 0; i++)
        waits = in_refused_child(SYS_socket, errors[i], judge_and_wait, j);
    closed(j);
    if (waits == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(waits, 0);
}

/* Not silence for ever, as for one that is not known yet; but silence where it is a matter of
 * a moment. */
static void where_the_kernel_cannot_be_asked_no_section_by_mac_matches(void **state)
{
    struct judged *j = opened();
    int told;

    (void)state;
    begin_by_mac(j, "*");
    put_file(j, "There", "");
    told = in_refused_child(SYS_socket, EACCES, judge_and_say, j);
    assert_int_equal(judge_without_descriptors(j, "There"), STORE_BUSY);
    closed(j);
    if (told == CANNOT_REFUSE)
        skip_because("no system call may be refused here (seccomp)");
    assert_int_equal(told, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_descriptors_a_name_in_another_case_is_put_off),
        cmocka_unit_test(without_descriptors_a_map_that_asks_for_a_file_is_put_off),
        cmocka_unit_test(a_back_reference_is_slow_where_it_is_come_to),
        cmocka_unit_test(the_rule_that_decided_is_named),
        cmocka_unit_test(a_section_has_so_many_transfers),
        cmocka_unit_test(what_cannot_be_counted_waits),
        cmocka_unit_test(the_top_level_counts_nothing),
        cmocka_unit_test(a_section_has_its_timeout),
        cmocka_unit_test(a_policy_by_mac_is_judged_on_a_helper),
        cmocka_unit_test(a_section_by_mac_is_for_that_mac),
        cmocka_unit_test(a_client_without_a_mac_has_no_section_by_mac),
        cmocka_unit_test(a_kernel_that_answers_in_a_moment_is_waited_for),
        cmocka_unit_test(where_the_kernel_cannot_be_asked_no_section_by_mac_matches),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
