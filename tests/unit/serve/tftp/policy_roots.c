/* SPDX-License-Identifier: MIT */
/* Tests of the directories of a policy (serve/tftp/policy_roots.h). */
#include "serve/tftp/policy_roots.h"

#include "../../folder.h"
#include "../../skip.h"
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/resource.h>

static void a_directory_is_opened_once(void **state)
{
    const struct store_root *first = NULL;
    const struct store_root *again = NULL;
    struct policy_roots r;

    (void)state;
    policy_roots_init(&r);
    assert_int_equal(policy_roots_find(&r, span_of(folder), false, &first).error,
                     STORE_BUSY);
    assert_null(first);
    assert_int_equal(policy_roots_find(&r, span_of(folder), true, &first).error,
                     STORE_OK);
    assert_true(first->fd >= 0);
    assert_int_equal(policy_roots_find(&r, span_of(folder), false, &again).error,
                     STORE_OK);
    assert_ptr_equal(first, again);
    assert_int_equal(r.count, 1);
    policy_roots_free(&r);
}

static void what_is_no_directory_is_not_kept(void **state)
{
    const struct store_root *root = NULL;
    struct policy_roots r;

    (void)state;
    policy_roots_init(&r);
    assert_int_equal(policy_roots_find(&r, span_of("/nonexistent/x"), true, &root).error,
                     STORE_NOT_FOUND);
    assert_int_equal(policy_roots_find(&r, span_of("/dev/null"), true, &root).error,
                     STORE_DENIED);
    assert_int_equal(r.count, 0);
    policy_roots_free(&r);
}

/* One directory by more names than may be open. */
static void there_is_a_most(void **state)
{
    const struct store_root *root = NULL;
    struct policy_roots r;
    struct rlimit files;
    char path[200];

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max < 2 * POLICY_ROOTS_MAX)
        skip_because("a process may not have 2048 open files here");
    files.rlim_cur = 2 * POLICY_ROOTS_MAX;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    policy_roots_init(&r);
    for (unsigned i = 0; i <= POLICY_ROOTS_MAX; i++) {
        int n = snprintf(path, sizeof path, "%s", folder);
        struct store_result result;

        for (unsigned bit = 0; bit < 11; bit++)
            n += snprintf(path + n, sizeof path - (size_t)n, i >> bit & 1 ? "/./" : "//");
        result = policy_roots_find(&r, span_of(path), true, &root);
        assert_int_equal(result.error, i < POLICY_ROOTS_MAX ? STORE_OK : STORE_BUSY);
    }
    assert_int_equal(r.count, POLICY_ROOTS_MAX);
    policy_roots_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_is_opened_once),
        cmocka_unit_test(what_is_no_directory_is_not_kept),
        cmocka_unit_test(there_is_a_most),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
