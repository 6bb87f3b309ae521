/* SPDX-License-Identifier: MIT */
/* Tests of cmd/suggest.h: what was meant, or nothing. */
#include "cmd/suggest.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *nearest(const char *typed)
{
    static const char *const known[] = { "get",     "put",      "probe",   "report",
                                         "timeout", "interval", "blksize", "no-options" };
    struct suggestion s = { .typed = span_of(typed) };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        suggest(&s, known[i]);
    return s.nearest;
}

static void a_slip_or_two_are_seen(void **state)
{
    static const struct {
        const char *typed, *meant;
    } words[] = {
        { "gte", "get" },
        { "gett", "get" },
        { "ge", "get" },
        { "pit", "put" },
        { "prob", "probe" },
        { "porbe", "probe" },
        { "timeuot", "timeout" },
        { "time-out", "timeout" },
        { "intervall", "interval" },
        { "bloksize", "blksize" },
        { "blocksize", "blksize" },
        { "reprot", "report" },
        { "timeot", "timeout" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!nearest(words[i].typed))
            fail_msg("%s", words[i].typed);
        assert_string_equal(nearest(words[i].typed), words[i].meant);
    }
}

static void what_is_far_is_nothing(void **state)
{
    static const char *const words[] = {
        "",
        "g",
        "fly",
        "xx",
        "no-such",
        "teg",
        "a-word-that-is-longer-than-any-known-one-can-be"
    };

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (nearest(words[i]))
            fail_msg("%s: %s", words[i], nearest(words[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_or_two_are_seen),
        cmocka_unit_test(what_is_far_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
