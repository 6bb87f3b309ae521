/* SPDX-License-Identifier: MIT */
/* Tests of the search in mtu/mtu.h: every end of a path is found, by few questions. */
#include "mtu/mtu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* A path that takes `end`; hint: it says so. How many questions it took. */
static int walk(struct mtu_search *s, uint32_t end, bool hint)
{
    int asked = 0;

    for (uint32_t size = mtu_search_next(s); size > 0; size = mtu_search_next(s)) {
        assert_true(size > s->passes && size < s->fails);
        mtu_search_took(s, size, size <= end);
        if (size > end && hint)
            s->hint = end;
        assert_true(++asked < 100);
    }
    return asked;
}

static void every_end_is_found(void **state)
{
    (void)state;
    for (uint32_t end = 56; end <= 1472; end++) {
        struct mtu_search s;

        mtu_search_init(&s, 56, 1472);
        assert_true(walk(&s, end, false) <= 13);
        assert_int_equal(s.passes, end);
        assert_int_equal(s.fails, end + 1);
    }
}

static void a_path_that_takes_all_is_asked_once(void **state)
{
    struct mtu_search s;

    (void)state;
    mtu_search_init(&s, 56, 65507);
    assert_int_equal(walk(&s, 65507, false), 1);
    assert_int_equal(s.fails, 65508);
}

static void what_a_router_says_is_tried_and_shown_to_be_true(void **state)
{
    struct mtu_search s;

    (void)state;
    mtu_search_init(&s, 56, 65507);
    assert_int_equal(walk(&s, 1372, true), 3);
    assert_int_equal(s.passes, 1372);
    assert_int_equal(s.fails, 1373);
}

static void a_router_may_be_wrong(void **state)
{
    struct mtu_search s;

    (void)state;
    for (uint32_t hint = 0; hint < 1600; hint += 37) {
        mtu_search_init(&s, 56, 1472);
        s.hint = hint;
        (void)walk(&s, 1000, false);
        assert_int_equal(s.passes, 1000);
    }
}

/* A loss of another cause: the size that failed passes later. */
static void what_passes_once_passes(void **state)
{
    struct mtu_search s;

    (void)state;
    mtu_search_init(&s, 56, 1472);
    mtu_search_took(&s, 1472, false);
    mtu_search_took(&s, 700, false);
    mtu_search_took(&s, 700, true);
    (void)walk(&s, 1400, false);
    assert_int_equal(s.passes, 1400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_is_found),
        cmocka_unit_test(a_path_that_takes_all_is_asked_once),
        cmocka_unit_test(what_a_router_says_is_tried_and_shown_to_be_true),
        cmocka_unit_test(a_router_may_be_wrong),
        cmocka_unit_test(what_passes_once_passes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
