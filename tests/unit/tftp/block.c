/* SPDX-License-Identifier: MIT */
/* Tests of block numbers: 64 bits here, 16 on the wire. */
#include "help.h"

static const struct {
    uint64_t block;
    uint32_t rollover;
    uint16_t wire;
} numbers[] = {
    { 0, 0, 0 },
    { 1, 0, 1 },
    { 65535, 0, 65535 },
    { 65536, 0, 0 },
    { 65537, 0, 1 },
    { 131071, 0, 65535 },
    { 131072, 0, 0 },
    { 1ULL << 40, 0, 0 },
    { (1ULL << 40) + 7, 0, 7 },
    { 0, 1, 0 },
    { 1, 1, 1 },
    { 65535, 1, 65535 },
    { 65536, 1, 1 },
    { 65537, 1, 2 },
    { 131070, 1, 65535 },
    { 131071, 1, 1 },
    { 65535ULL << 30, 1, 65535 },
};

static void rule_1_after_65535_comes_0_or_as_rollover_says_1(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++)
        assert_int_equal(kedge_tftp_wire(numbers[i].block, numbers[i].rollover),
                         numbers[i].wire);
}

static void unwrap_range(uint64_t first, uint64_t count, uint32_t rollover)
{
    for (uint64_t b = first; b < first + count; b++) {
        uint64_t got = UINT64_MAX;

        if (!kedge_tftp_unwrap(first, count, kedge_tftp_wire(b, rollover), rollover,
                               &got))
            fail_msg("block %llu is not found", (unsigned long long)b);
        assert_true(got == b);
    }
}

/* Each block of a window comes back from its number, also where the window wraps. */
static void rule_1_numbers_are_unwrapped_around_the_window(void **state)
{
    static const uint64_t firsts[] = { 0,      1,      2,         65500,           65534,
                                       65535,  65536,  65537,     131000,          131069,
                                       131070, 131071, 196600000, (1ULL << 40) - 3 };

    (void)state;
    for (size_t i = 0; i < COUNT(firsts); i++)
        for (uint32_t rollover = 0; rollover <= 1; rollover++) {
            unwrap_range(firsts[i], 1, rollover);
            unwrap_range(firsts[i], 100, rollover);
            unwrap_range(firsts[i], KEDGE_TFTP_WINDOW_GRANT_MAX + 1, rollover);
        }
}

/* Every other number is of no block in it. */
static void a_number_outside_the_window_is_none(void **state)
{
    static const uint64_t firsts[] = { 0, 1, 65530, 65536, 131070, 1ULL << 40 };

    (void)state;
    for (size_t i = 0; i < COUNT(firsts); i++)
        for (uint32_t rollover = 0; rollover <= 1; rollover++) {
            unsigned found = 0;

            for (uint32_t wire = 0; wire <= 65535; wire++) {
                uint64_t b = 4711;

                if (!kedge_tftp_unwrap(firsts[i], 10, (uint16_t)wire, rollover, &b))
                    assert_true(b == 4711);
                else
                    found++;
            }
            assert_int_equal(found, 10);
        }
}

static void rollover_to_1_never_uses_0_again(void **state)
{
    uint64_t b;

    (void)state;
    assert_true(kedge_tftp_unwrap(0, 1, 0, 1, &b));
    assert_false(kedge_tftp_unwrap(1, 65534, 0, 1, &b));
    assert_false(kedge_tftp_unwrap(65530, 100, 0, 1, &b));
    for (uint64_t n = 1; n < 200000; n++)
        assert_true(kedge_tftp_wire(n, 1) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_1_after_65535_comes_0_or_as_rollover_says_1),
        cmocka_unit_test(rule_1_numbers_are_unwrapped_around_the_window),
        cmocka_unit_test(a_number_outside_the_window_is_none),
        cmocka_unit_test(rollover_to_1_never_uses_0_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
