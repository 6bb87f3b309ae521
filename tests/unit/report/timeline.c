/* SPDX-License-Identifier: MIT */
/* Tests of report/timeline.h: what goes in stays in, however long it gets. */
#include "report/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void each_slot_has_its_own(void **state)
{
    static struct timeline t;

    (void)state;
    t = (struct timeline){ .width = 10 };
    timeline_count(&t, 9, 0);
    timeline_measure(&t, 9, 5);
    timeline_count(&t, 10, 0);
    timeline_measure(&t, 10, 7);
    timeline_count(&t, 19, 0);
    timeline_measure(&t, 19, 3);
    timeline_count(&t, 2399, 2);
    assert_int_equal(t.width, 10);
    assert_int_equal(t.used, TIMELINE_SLOTS);
    assert_int_equal(t.slots[0].counts[0], 1);
    assert_int_equal(t.slots[1].counts[0], 2);
    assert_int_equal(t.slots[1].min, 3);
    assert_int_equal(t.slots[1].max, 7);
    assert_int_equal(t.slots[1].sum, 10);
    assert_int_equal(t.slots[239].counts[2], 1);
}

static void a_kind_is_taken_back_once(void **state)
{
    static struct timeline t;

    (void)state;
    t = (struct timeline){ .width = 10 };
    timeline_count(&t, 3, 2);
    timeline_take_back(&t, 4, 2);
    timeline_take_back(&t, 4, 2);
    assert_int_equal(t.slots[0].counts[2], 0);
}

static void a_long_run_widens_the_slots(void **state)
{
    static struct timeline t;
    uint64_t counted = 0, measured = 0, sum = 0;

    (void)state;
    t = (struct timeline){ .width = 1 };
    for (uint64_t i = 0; i < 100000; i++) {
        timeline_count(&t, i, (uint32_t)(i % TIMELINE_KINDS));
        timeline_measure(&t, i, i);
    }
    assert_int_equal(t.width, 512);
    assert_int_equal(t.used, 100000 / 512 + 1);
    for (uint32_t i = 0; i < TIMELINE_SLOTS; i++) {
        const struct timeline_slot *s = &t.slots[i];

        for (uint32_t k = 0; k < TIMELINE_KINDS; k++)
            counted += s->counts[k];
        measured += s->measured;
        sum += s->sum;
        if (s->measured > 0) {
            assert_int_equal(s->min, i * 512);
            assert_int_equal(s->max, i * 512 + s->measured - 1);
        }
    }
    assert_int_equal(counted, 100000);
    assert_int_equal(measured, 100000);
    assert_int_equal(sum, 99999ULL * 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_slot_has_its_own),
        cmocka_unit_test(a_kind_is_taken_back_once),
        cmocka_unit_test(a_long_run_widens_the_slots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
