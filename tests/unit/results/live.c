/* SPDX-License-Identifier: MIT */
/* Tests of results/live.h: a row's percentiles are those of the last replies, so that a run of
 * days shows what is now. */
#include "results/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void answer(struct live *l, uint64_t count, kedge_nanos rtt)
{
    const struct probe_stats_slot slot = { .intended = KEDGE_SEC, .rtt = rtt };
    const struct probe_stats_event event = { .fate = FATE_RECEIVED, .slot = &slot };

    for (uint64_t i = 0; i < count; i++)
        live_count(l, 0, &event);
}

static kedge_nanos printable(const struct live *l, uint32_t which)
{
    struct histogram h = live_last(&l->targets[0]);
    kedge_nanos out = 0;

    if (!histogram_percentile(&h, which, &out))
        out = 0;
    histogram_free(&h);
    return out;
}

static void percentiles_are_of_the_last_replies(void **state)
{
    struct live l = { .count = 1, .targets = calloc(1, sizeof *l.targets) };

    (void)state;
    l.targets[0].spark.width = KEDGE_SEC;
    answer(&l, 99, 120);
    assert_int_equal(printable(&l, 50000), 120);
    assert_int_equal(printable(&l, 99000), 0);
    answer(&l, 1, 120);
    assert_int_equal(printable(&l, 99000), 120);
    answer(&l, 900, 120);
    answer(&l, LIVE_REPLIES, 60);
    assert_int_equal(printable(&l, 50000), 60);
    assert_int_equal(printable(&l, 99000), 120);
    answer(&l, 1, 60);
    assert_int_equal(printable(&l, 99000), 60);
    answer(&l, 20, 90);
    assert_int_equal(printable(&l, 50000), 60);
    assert_int_equal(printable(&l, 99000), 90);
    live_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_of_the_last_replies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
