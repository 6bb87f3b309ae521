/* SPDX-License-Identifier: MIT */
/* Tests of what is said once a minute (serve/tftp/seldom.h). */
#include "serve/tftp/seldom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char names[SELDOM_SUBJECTS + 1];

static void a_subject_is_said_once_a_minute(void **state)
{
    struct seldom s;

    (void)state;
    seldom_init(&s);
    assert_true(seldom_may_say(&s, &names[0], 0, 5));
    for (kedge_nanos t = 6; t < SELDOM_EVERY; t += SELDOM_EVERY / 100)
        assert_false(seldom_may_say(&s, &names[0], 0, t));
    assert_false(seldom_may_say(&s, &names[0], 0, SELDOM_EVERY + 4));
    assert_true(seldom_may_say(&s, &names[0], 0, SELDOM_EVERY + 5));
    assert_false(seldom_may_say(&s, &names[0], 0, SELDOM_EVERY + 6));
    seldom_free(&s);
}

/* A clock of another shard may be a turn behind. */
static void the_past_is_no_minute(void **state)
{
    struct seldom s;

    (void)state;
    seldom_init(&s);
    assert_true(seldom_may_say(&s, &names[0], 0, 2 * SELDOM_EVERY));
    assert_false(seldom_may_say(&s, &names[0], 0, 1));
    seldom_free(&s);
}

static void so_many_are_told_apart(void **state)
{
    struct seldom s;

    (void)state;
    seldom_init(&s);
    for (size_t i = 0; i < SELDOM_SUBJECTS; i++)
        assert_true(seldom_may_say(&s, &names[i], 0, 1));
    assert_false(seldom_may_say(&s, &names[SELDOM_SUBJECTS], 0, 1));
    assert_false(seldom_may_say(&s, &names[3], 0, 1));
    assert_true(seldom_may_say(&s, &names[SELDOM_SUBJECTS], 0, SELDOM_EVERY + 1));
    assert_true(seldom_may_say(&s, &names[3], 0, SELDOM_EVERY + 1));
    seldom_free(&s);
}

/* As a root that came with another policy. */
static void another_at_its_address_is_another(void **state)
{
    struct seldom s;

    (void)state;
    seldom_init(&s);
    assert_true(seldom_may_say(&s, &names[0], 1, 5));
    assert_true(seldom_may_say(&s, &names[0], 2, 6));
    assert_false(seldom_may_say(&s, &names[0], 1, 7));
    assert_false(seldom_may_say(&s, &names[0], 2, 7));
    seldom_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subject_is_said_once_a_minute),
        cmocka_unit_test(the_past_is_no_minute),
        cmocka_unit_test(another_at_its_address_is_another),
        cmocka_unit_test(so_many_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
