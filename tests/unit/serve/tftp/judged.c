/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/judged.h. */
#include "serve/tftp/judged.h"

#include "../../folder.h"
#include "base/bytes.h"
#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* A policy of 20 clients, none of which asks, and of one section for all. */
struct world {
    struct policy_set set;
    struct store_root root;
    struct judged judged;
    struct rules rules;
};

static void add(struct world *w, enum policy_kind kind, const char *address)
{
    struct policy_section *s = policy_set_add(&w->set);

    assert_non_null(s);
    s->kind = kind;
    s->has = 1u << POLICY_BLKSIZE_MAX;
    s->values[POLICY_BLKSIZE_MAX].number = 1000;
    if (address) {
        s->match.kind = POLICY_ADDRESS;
        s->match.address_bytes = 4;
        s->match.bits = 32;
        memcpy(s->match.address, address, 4);
    }
}

static struct world *begin(size_t clients)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    policy_set_init(&w->set);
    assert_int_equal(root_open(&w->root, folder).error, STORE_OK);
    for (size_t i = 0; i < clients; i++)
        add(w, POLICY_CLIENT, "\x0a\0\0\1");
    add(w, POLICY_DEFAULT, NULL);
    policy_set_close(&w->set);
    w->set.generation = 1;
    return w;
}

static void end(struct world *w)
{
    judged_free(&w->judged);
    policy_set_free(&w->set);
    root_close(&w->root);
    free(w);
}

/* From now on the section for all says so. */
static void set_blksize(struct world *w, uint64_t number)
{
    w->set.sections[w->set.policy.count - 1].values[POLICY_BLKSIZE_MAX].number = number;
}

static uint32_t blksize(struct world *w, const char *client, const char *name,
                        bool writes)
{
    struct net_address peer;
    struct rules_base base = { .root = &w->root, .quick = true };
    struct provider_request q = { .peer = &peer,
                                  .name = span_of(name),
                                  .writes = writes };

    assert_true(net_address_parse(client, 3000, &peer));
    memset(&w->rules, 0xff, sizeof w->rules);
    judged_judge(&w->judged, &w->set, &base, &q, &w->rules);
    return w->rules.result.error == STORE_OK ? w->rules.blksize_max : 0;
}

static void the_same_request_is_judged_once(void **state)
{
    struct world *w = begin(20);

    (void)state;
    assert_true(w->set.remembers);
    assert_int_equal(blksize(w, "192.0.2.1", "boot//x", false), 1000);
    assert_string_equal(w->rules.name.text, "boot/x");
    set_blksize(w, 2000);
    assert_int_equal(blksize(w, "192.0.2.1", "boot//x", false), 1000);
    assert_string_equal(w->rules.name.text, "boot/x");
    assert_ptr_equal(w->rules.root, &w->root);
    assert_string_equal(w->rules.rule, "");
    assert_false(w->rules.mac_pending || w->rules.slow || w->rules.share.set);
    end(w);
}

static void another_request_or_policy_is_judged(void **state)
{
    struct world *w = begin(20);
    char name[JUDGED_NAME + 2];

    (void)state;
    assert_int_equal(blksize(w, "192.0.2.1", "x", false), 1000);
    set_blksize(w, 2000);
    assert_int_equal(blksize(w, "192.0.2.2", "x", false), 2000);
    assert_int_equal(blksize(w, "192.0.2.1", "y", false), 2000);
    assert_int_equal(blksize(w, "192.0.2.1", "x2", false), 2000);
    assert_int_equal(blksize(w, "192.0.2.1", "x", false), 1000);
    w->set.generation = 2;
    assert_int_equal(blksize(w, "192.0.2.1", "x", false), 2000);
    memset(name, 'n', sizeof name);
    name[JUDGED_NAME + 1] = '\0';
    assert_int_equal(blksize(w, "192.0.2.1", name, false), 2000);
    set_blksize(w, 3000);
    assert_int_equal(blksize(w, "192.0.2.1", name, false), 3000);
    end(w);
}

/* An upload that the policy refuses; and what follows under the same name. */
static void a_refusal_is_not_remembered(void **state)
{
    struct world *w = begin(20);

    (void)state;
    assert_int_equal(blksize(w, "192.0.2.1", "x", true), 0);
    assert_int_equal(w->rules.result.error, STORE_DENIED);
    assert_int_equal(blksize(w, "192.0.2.1", "x", false), 1000);
    assert_int_equal(blksize(w, "192.0.2.1", "x", true), 0);
    assert_true(strlen(w->rules.why) > 0);
    end(w);
}

static void a_short_policy_is_asked_each_time(void **state)
{
    struct world *w = begin(2);

    (void)state;
    assert_false(w->set.remembers);
    assert_int_equal(blksize(w, "192.0.2.1", "x", false), 1000);
    set_blksize(w, 2000);
    assert_int_equal(blksize(w, "192.0.2.1", "x", false), 2000);
    assert_null(w->judged.slots);
    end(w);
}

/* Each by itself in a policy of its own; the first counts nothing else. */
static void what_else_counts_is_not_remembered(void **state)
{
    static const struct {
        enum policy_match_kind client;
        const char *root;
        bool ignore_case, remembers;
    } rows[] = {
        { POLICY_ADDRESS, "/srv", false, true },
        { POLICY_INTERFACE, "/srv", false, false },
        { POLICY_MAC, "/srv", false, false },
        { POLICY_ADDRESS, "/srv/%a", false, false },
        { POLICY_ADDRESS, "/srv/%i", false, false },
        { POLICY_ADDRESS, "/srv/%m", false, false },
        { POLICY_ADDRESS, "/srv", true, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world *w = begin(20);
        struct policy_section *s = policy_set_add(&w->set);

        assert_non_null(s);
        s->kind = POLICY_CLIENT;
        s->match.kind = rows[i].client;
        s->match.interface = span_of("lo");
        s->has = 1u << POLICY_ROOT | 1u << POLICY_IGNORE_CASE;
        s->values[POLICY_ROOT].text = span_of(rows[i].root);
        s->values[POLICY_IGNORE_CASE].number = rows[i].ignore_case;
        policy_set_close(&w->set);
        assert_int_equal(w->set.remembers, rows[i].remembers);
        end(w);
    }
}

/* Of so many some share a slot, each of them with another of as many letters. */
static void names_that_share_a_slot_are_apart(void **state)
{
    struct world *w = begin(20);
    char name[8];

    (void)state;
    for (unsigned i = 0; i < 3 * JUDGED_SLOTS; i++) {
        (void)snprintf(name, sizeof name, "%06u", i);
        set_blksize(w, 1000 + i % 60000);
        assert_int_equal(blksize(w, "192.0.2.1", name, false), 1000 + i % 60000);
    }
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_request_is_judged_once),
        cmocka_unit_test(another_request_or_policy_is_judged),
        cmocka_unit_test(names_that_share_a_slot_are_apart),
        cmocka_unit_test(a_refusal_is_not_remembered),
        cmocka_unit_test(a_short_policy_is_asked_each_time),
        cmocka_unit_test(what_else_counts_is_not_remembered),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
