/* SPDX-License-Identifier: MIT */
/* Tests of how long a receiver sleeps while a window comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transfer/gather.h"

#define USEC(n) ((n)*KEDGE_USEC)

static struct kedge_tftp_receiver amid(uint32_t window, uint32_t in_window)
{
    return (struct kedge_tftp_receiver){ .half.terms = { .window = window },
                                         .in_window = in_window };
}

static void it_sleeps_for_most_of_what_a_window_still_takes(void **state)
{
    static const struct {
        uint32_t window, in_window;
        kedge_nanos apart, want;
    } table[] = {
        { 32, 0, USEC(10), 0 },          /* a round trip comes first */
        { 32, 1, 0, 0 },                 /* nothing is known */
        { 32, 2, USEC(8), USEC(70) },    /* half of 240, less 50 */
        { 32, 10, USEC(8), 0 },          /* 38 are not worth it */
        { 32, 31, USEC(200), USEC(50) }, /* of one block */
        { 4096, 1, USEC(120), KEDGE_MSEC },
        { 7, 1, USEC(100), 0 }, /* too few, whatever they take */
        { 8, 1, USEC(100), USEC(300) },
        { 8, 9, USEC(100), 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct gather g = { .apart = table[i].apart };
        struct kedge_tftp_receiver r = amid(table[i].window, table[i].in_window);

        if (gather_sleep(&g, &r) != table[i].want)
            fail_msg("line %zu: %llu", i, (unsigned long long)gather_sleep(&g, &r));
    }
}

static void it_learns_how_far_blocks_are_apart(void **state)
{
    struct gather g = { 0 };
    kedge_nanos now = KEDGE_SEC;

    (void)state;
    gather_note(&g, 1, GATHER_BEGIN, now); /* that was a round trip */
    assert_true(g.apart == 0 && g.heard == now);
    gather_note(&g, 4, GATHER_AMID, now += USEC(64));
    assert_true(g.apart == USEC(2)); /* an eighth of 16 */
    gather_note(&g, 0, GATHER_AMID, now += USEC(64));
    assert_true(g.apart == USEC(2) && g.heard == now);
    for (int i = 0; i < 100; i++)
        gather_note(&g, 4, GATHER_AMID, now += USEC(64));
    assert_true(g.apart > USEC(15) && g.apart <= USEC(16));
    gather_note(&g, 1, GATHER_AMID, now += KEDGE_SEC); /* once late is not always */
    assert_true(g.apart > USEC(130) && g.apart < USEC(141));
    gather_note(&g, 1, GATHER_END, now += KEDGE_SEC);
    assert_true(g.apart > USEC(110) && g.apart < USEC(125));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sleeps_for_most_of_what_a_window_still_takes),
        cmocka_unit_test(it_learns_how_far_blocks_are_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
