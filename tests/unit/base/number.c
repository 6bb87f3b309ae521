/* SPDX-License-Identifier: MIT */
/* Tests of base/number.h. */
#include "base/number.h"
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MAX UINT64_MAX

static const struct {
    const char *text;
    uint64_t max;
    bool ok;
    uint64_t value;
} decimals[] = {
    { "0", MAX, true, 0 },
    { "0", 0, true, 0 },
    { "1", 0, false, 0 },
    { "9", 8, false, 0 },
    { "9", 9, true, 9 },
    { "00", 0, true, 0 },
    { "007", 9, true, 7 },
    { "000000000000000000000000000000042", 42, true, 42 },
    { "65464", 65464, true, 65464 },
    { "65465", 65464, false, 0 },
    { "654640", 65464, false, 0 },
    { "255", 255, true, 255 },
    { "256", 255, false, 0 },
    { "18446744073709551615", MAX, true, MAX },
    { "18446744073709551616", MAX, false, 0 },
    { "18446744073709551620", MAX, false, 0 },
    { "99999999999999999999", MAX, false, 0 },
    { "184467440737095516150", MAX, false, 0 },
    { "18446744073709551614", MAX - 1, true, MAX - 1 },
    { "18446744073709551615", MAX - 1, false, 0 },
    { "", MAX, false, 0 },
    { " 1", MAX, false, 0 },
    { "1 ", MAX, false, 0 },
    { "+1", MAX, false, 0 },
    { "-1", MAX, false, 0 },
    { "0x10", MAX, false, 0 },
    { "1e3", MAX, false, 0 },
    { "1.0", MAX, false, 0 },
    { "12a", MAX, false, 0 },
    { "/", MAX, false, 0 },
    { ":", MAX, false, 0 },
    { "\xb1", MAX, false, 0 },
};

static void decimal_follows_its_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(decimals); i++) {
        size_t n = strlen(decimals[i].text);
        uint8_t *copy = malloc(n);
        uint64_t v = 12345;

        if (n > 0)
            memcpy(copy, decimals[i].text, n);
        if (decimal((struct kedge_span){ copy, n }, decimals[i].max, &v) !=
            decimals[i].ok)
            fail_msg("line %zu: \"%s\"", i, decimals[i].text);
        assert_true(v == (decimals[i].ok ? decimals[i].value : 12345));
        free(copy);
    }
}

static void decimal_takes_digits_only(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[2] = { '1', (uint8_t)c };
        uint64_t v = 0;
        bool digit = c >= '0' && c <= '9';

        assert_int_equal(decimal((struct kedge_span){ text, 2 }, MAX, &v), digit);
        assert_int_equal(v, digit ? 10 + (c - '0') : 0);
    }
}

static void decimal_reads_what_put_decimal_wrote(void **state)
{
    uint64_t v = 1;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t text[20];
        struct writer w = { .ptr = text, .room = sizeof text };
        uint64_t got = 0;

        v = v * 6364136223846793005u + 1442695040888963407u;
        put_decimal(&w, v >> i % 64);
        assert_false(w.bad);
        assert_true(decimal(written(&w), MAX, &got));
        assert_true(got == v >> i % 64);
    }
}

static void hex_digits_of_both_cases(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *lower = c ? strchr("0123456789abcdef", c) : NULL;
        const char *upper = c ? strchr("0123456789ABCDEF", c) : NULL;
        int want = lower ? (int)strlen(lower) : upper ? (int)strlen(upper) : 17;

        assert_int_equal(hex_digit((uint8_t)c), 16 - want);
    }
}

static const struct {
    uint64_t a, b, sum, difference, least, most;
} sums[] = {
    { 0, 0, 0, 0, 0, 0 },
    { 1, 0, 1, 1, 0, 1 },
    { 0, 1, 1, 0, 0, 1 },
    { 5, 5, 10, 0, 5, 5 },
    { MAX, 0, MAX, MAX, 0, MAX },
    { 0, MAX, MAX, 0, 0, MAX },
    { MAX, 1, MAX, MAX - 1, 1, MAX },
    { 1, MAX, MAX, 0, 1, MAX },
    { MAX, MAX, MAX, 0, MAX, MAX },
    { MAX - 1, 1, MAX, MAX - 2, 1, MAX - 1 },
    { MAX / 2, MAX / 2, MAX - 1, 0, MAX / 2, MAX / 2 },
    { MAX / 2 + 1, MAX / 2 + 1, MAX, 0, MAX / 2 + 1, MAX / 2 + 1 },
};

static void sums_stop_at_the_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sums); i++) {
        assert_true(add_sat(sums[i].a, sums[i].b) == sums[i].sum);
        assert_true(sub_sat(sums[i].a, sums[i].b) == sums[i].difference);
        assert_true(min_u64(sums[i].a, sums[i].b) == sums[i].least);
        assert_true(max_u64(sums[i].a, sums[i].b) == sums[i].most);
    }
}

static const struct {
    uint64_t v, low, high, want;
} clamps[] = {
    { 7, 8, 65464, 8 },       { 8, 8, 65464, 8 },
    { 512, 8, 65464, 512 },   { 65464, 8, 65464, 65464 },
    { MAX, 8, 65464, 65464 }, { 0, 0, 0, 0 },
    { 1, 0, 0, 0 },           { 0, MAX, MAX, MAX },
    { MAX, 0, MAX, MAX },
};

static void clamps_stay_between(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(clamps); i++)
        assert_true(clamp_u64(clamps[i].v, clamps[i].low, clamps[i].high) ==
                    clamps[i].want);
}

static void a_product_is_divided_without_overflow(void **state)
{
    (void)state;
    assert_int_equal(mul_div(7, 3, 2), 10);
    assert_true(mul_div(MAX, 1, 1) == MAX);
    assert_true(mul_div(MAX, 5, 5) >= MAX - 4);
    assert_int_equal(mul_div(5000000000, 1000000000, 2500000000), 2000000000);
    assert_int_equal(mul_div(0, 9, 9), 0);
    assert_int_equal(mul_div(9, 0, 9), 0);
    assert_true(mul_div(1, 1, 0) == MAX);
    assert_true(mul_div(MAX, 2, 1) == MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_follows_its_table),
        cmocka_unit_test(hex_digits_of_both_cases),
        cmocka_unit_test(decimal_takes_digits_only),
        cmocka_unit_test(decimal_reads_what_put_decimal_wrote),
        cmocka_unit_test(sums_stop_at_the_ends),
        cmocka_unit_test(clamps_stay_between),
        cmocka_unit_test(a_product_is_divided_without_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
