/* SPDX-License-Identifier: MIT */
/* Tests of what a sender remembers: when which blocks left. */
#include "help.h"

#include "tftp/bursts.h"

static void add(struct kedge_tftp_sender *s, uint64_t first, uint64_t end, unsigned at_ms,
                bool again)
{
    bursts_add(s, (struct kedge_tftp_burst){
                      .first = first, .end = end, .at = MS(at_ms), .again = again });
}

static kedge_nanos newest(const struct kedge_tftp_sender *s, uint64_t block)
{
    const struct kedge_tftp_burst *b = bursts_newest(s, block);

    return b ? burst_left(b, block) : KEDGE_NEVER;
}

static void what_leaves_at_once_is_one_burst(void **state)
{
    struct kedge_tftp_sender s = { .spacing = 0 };

    (void)state;
    add(&s, 1, 3, 10, false);
    add(&s, 3, 9, 10, false);
    assert_int_equal(s.bursts, 1);
    assert_true(bursts_newest(&s, 8)->end == 9);
    add(&s, 9, 10, 11, false);  /* later */
    add(&s, 12, 13, 11, false); /* not the next */
    add(&s, 13, 14, 11, true);  /* another kind */
    assert_int_equal(s.bursts, 4);
    assert_null(bursts_newest(&s, 10));
    assert_null(bursts_newest(&s, 14));
    assert_null(bursts_newest(&s, 0));
}

/* Each for itself, they would push each other out, and base would seem to have left long
 * ago: it would be sent again at every ACK. */
static void so_is_what_leaves_spaced(void **state)
{
    struct kedge_tftp_sender s = { .spacing = MS(1), .half.rtt = { .smoothed = MS(10) } };

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        add(&s, 5 + i, 6 + i, 50 + i, true);
    assert_int_equal(s.bursts, 1);
    for (unsigned i = 0; i < 100; i++)
        assert_true(newest(&s, 5 + i) == MS(50 + i));
    add(&s, 105, 106, 170, true); /* after a pause */
    assert_int_equal(s.bursts, 2);
    assert_true(newest(&s, 104) == MS(149) && newest(&s, 105) == MS(170));
}

static void the_newest_and_the_first_are_told_apart(void **state)
{
    struct kedge_tftp_sender s = { .spacing = 0 };

    (void)state;
    add(&s, 1, 5, 10, false);
    add(&s, 3, 5, 20, true);
    add(&s, 5, 7, 20, false);
    add(&s, 3, 4, 30, true);
    assert_true(newest(&s, 2) == MS(10));
    assert_true(newest(&s, 3) == MS(30));
    assert_true(newest(&s, 4) == MS(20));
    assert_true(bursts_first(&s, 3)->at == MS(10));
    assert_true(bursts_first(&s, 6)->at == MS(20));
}

static void the_oldest_are_forgotten(void **state)
{
    struct kedge_tftp_sender s = { .spacing = 0 };

    (void)state;
    for (unsigned i = 0; i < KEDGE_TFTP_BURSTS + 3; i++)
        add(&s, i, i + 1, i, false);
    assert_int_equal(s.bursts, KEDGE_TFTP_BURSTS);
    assert_null(bursts_newest(&s, 2));
    assert_null(bursts_first(&s, 2));
    assert_true(newest(&s, 3) == MS(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_leaves_at_once_is_one_burst),
        cmocka_unit_test(so_is_what_leaves_spaced),
        cmocka_unit_test(the_newest_and_the_first_are_told_apart),
        cmocka_unit_test(the_oldest_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
