/* SPDX-License-Identifier: MIT */
/* Tests of base/units.h. */
#include "base/units.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NO 0x5ee5

struct row {
    const char *text;
    uint64_t want; /* NO: refused */
};

static const struct row times[] = {
    { "0", 0 },
    { "2", 2 * KEDGE_SEC },
    { "2s", 2 * KEDGE_SEC },
    { "1.5s", 1500 * KEDGE_MSEC },
    { "10ms", 10 * KEDGE_MSEC },
    { "0.25ms", 250 * KEDGE_USEC },
    { "250us", 250 * KEDGE_USEC },
    { "0.001us", 1 },
    { "40ns", 40 },
    { "3m", 180 * KEDGE_SEC },
    { "0.5h", 1800 * KEDGE_SEC },
    { "18446744073s", 18446744073 * KEDGE_SEC },
    { "18446744073709551615ns", UINT64_MAX },
    { "18446744073709551616ns", NO },
    { "18446744074s", NO },
    { "18446744073.709s", 18446744073709 * KEDGE_MSEC },
    { "18446744073.710s", NO },
    { "5124095h", 5124095 * (3600 * KEDGE_SEC) },
    { "5124096h", NO },
    { "1.5ns", NO },
    { "0.0001s", NO },
    { "1.0000s", NO },
    { "", NO },
    { ".5s", NO },
    { "1.s", NO },
    { "s", NO },
    { "-1s", NO },
    { "+1s", NO },
    { " 1s", NO },
    { "1 s", NO },
    { "1s ", NO },
    { "1S", NO },
    { "1d", NO },
    { "1mss", NO },
    { "1.2.3s", NO },
    { "1e3", NO },
    { "0x10", NO },
};

static const struct row sizes[] = {
    { "0", 0 },
    { "512", 512 },
    { "4K", 4096 },
    { "4k", 4096 },
    { "4KiB", 4096 },
    { "1.5M", 3 << 19 },
    { "2m", 2 << 20 },
    { "3MiB", 3 << 20 },
    { "2G", (uint64_t)2 << 30 },
    { "2g", (uint64_t)2 << 30 },
    { "2GiB", (uint64_t)2 << 30 },
    { "0.125K", 128 },
    { "17179869183G", (uint64_t)17179869183 << 30 },
    { "17179869184G", NO },
    { "18446744073709551615", UINT64_MAX },
    { "18446744073709551616", NO },
    { "99999999999999999999", NO },
    { "0.1K", NO },
    { "0.5", NO },
    { "1KB", NO },
    { "1T", NO },
    { "K", NO },
    { "", NO },
    { "-4K", NO },
    { "4K ", NO },
};

/* Each text from a heap block of its exact size: nothing is read beyond it. */
static void check(const struct row *rows, size_t count,
                  bool (*read)(struct kedge_span, uint64_t *))
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(rows[i].text);
        uint8_t *block = malloc(len ? len : 1);
        uint64_t v = NO;
        bool ok = false;

        memcpy(block, rows[i].text, len);
        ok = read((struct kedge_span){ block, len }, &v);
        if (ok != (rows[i].want != NO) || v != rows[i].want)
            fail_msg("'%s' is %d, %llu", rows[i].text, ok, (unsigned long long)v);
        free(block);
    }
}

static void times_with_their_units(void **state)
{
    (void)state;
    check(times, COUNT(times), units_time);
}

static void sizes_with_their_units(void **state)
{
    (void)state;
    check(sizes, COUNT(sizes), units_size);
}

static void octal_modes(void **state)
{
    uint64_t v = NO;

    (void)state;
    assert_true(units_octal(span_of("0644"), 07777, &v));
    assert_int_equal(v, 0644);
    assert_true(units_octal(span_of("7777"), 07777, &v));
    assert_true(units_octal(span_of("1777777777777777777777"), UINT64_MAX, &v));
    assert_true(v == UINT64_MAX);
    v = NO;
    assert_false(units_octal(span_of("2000000000000000000000"), UINT64_MAX, &v));
    assert_false(units_octal(span_of("10000"), 07777, &v));
    assert_false(units_octal(span_of("648"), 07777, &v));
    assert_false(units_octal(span_of(""), 07777, &v));
    assert_false(units_octal(span_of("0o644"), 07777, &v));
    assert_int_equal(v, NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_with_their_units),
        cmocka_unit_test(sizes_with_their_units),
        cmocka_unit_test(octal_modes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
