/* SPDX-License-Identifier: MIT */
/* Tests of report/plot.h: each drawing has whole lines of the width it was given, bars are
 * as high as their share, and what is rare is not lost between the columns. */
#include "report/plot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const kinds[] = { "good", "late", "lost", "refused", "unsent" };

struct drawing {
    char *text;
    char *lines[64];
    size_t count;
};

static struct drawing draw(const struct histogram *h, const struct timeline *t,
                           uint32_t width, bool unicode)
{
    struct drawing d = { 0 };
    size_t len = 0;
    struct plot p = { open_memstream(&d.text, &len), unicode, width };

    if (h)
        plot_distribution(&p, h);
    if (t)
        plot_timeline(&p, t, kinds);
    fclose(p.out);
    for (char *at = d.text; *at; *strchr(at, '\n') = 0, at += strlen(at) + 1) {
        assert_true(d.count < 64);
        d.lines[d.count++] = at;
    }
    return d;
}

static size_t columns(const char *line)
{
    size_t n = 0;

    for (; *line; line++)
        n += (*line & 0xc0) != 0x80;
    return n;
}

static void lines_have_the_width(void **state)
{
    static struct histogram h;
    static struct timeline t;

    (void)state;
    t.width = KEDGE_MSEC;
    for (uint32_t i = 1; i < 2000; i++) {
        histogram_record(&h, (uint64_t)i * i * 100);
        timeline_count(&t, i * KEDGE_MSEC, i % 5);
        timeline_measure(&t, i * KEDGE_MSEC, (uint64_t)i * i * 100);
    }
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t width = 0; width < 300; width += 7) {
            struct drawing d = draw(&h, &t, width, pass);
            size_t most = width < 40 ? 40 : width > 240 ? 240 : width;

            assert_int_equal(d.count, 8 + 1 + 2 + 8 + 4 + 1 + 1);
            for (size_t i = 0; i < d.count; i++)
                assert_true(columns(d.lines[i]) <= most);
            assert_int_equal(columns(d.lines[0]), most);
            assert_int_equal(columns(d.lines[23]), most);
            free(d.text);
        }
    histogram_free(&h);
}

static void bars_are_shares(void **state)
{
    static struct histogram h;
    struct drawing d;

    (void)state;
    for (int i = 0; i < 100; i++)
        histogram_record(&h, 100000);
    for (int i = 0; i < 50; i++)
        histogram_record(&h, 10000000);
    histogram_record(&h, 500000);
    d = draw(&h, NULL, 70, false);
    for (size_t row = 0; row < 8; row++) {
        assert_int_equal(d.lines[row][10], '#');
        assert_int_equal(strspn(d.lines[row] + 11, " "), row < 4   ? 59
                                                         : row < 7 ? 58
                                                                   : 19);
        assert_int_equal(d.lines[row][69], row < 4 ? ' ' : '#');
    }
    assert_int_equal(d.lines[7][30], '.');
    assert_memory_equal(d.lines[0], "  66.2 % |", 10);
    assert_memory_equal(d.lines[10] + 10, "^p50 ", 5);
    assert_string_equal(d.lines[10] + 66, "^p90"); /* and no room for p99 */
    free(d.text);
    histogram_free(&h);
}

static void one_value_and_none(void **state)
{
    static struct histogram h;
    static struct timeline t;
    struct drawing d = draw(&h, &t, 80, true);

    (void)state;
    assert_int_equal(d.count, 0);
    free(d.text);
    histogram_record(&h, 5000000);
    t.width = KEDGE_SEC;
    timeline_count(&t, 0, 0);
    timeline_measure(&t, 0, 5000000);
    d = draw(&h, &t, 80, true);
    assert_int_equal(d.count, 8 + 1 + 1 + 8 + 1 + 1);
    assert_memory_equal(d.lines[9] + 10, "5.000", 5);
    assert_non_null(strstr(d.lines[19], "1.000 s"));
    free(d.text);
    histogram_free(&h);
}

/* The lowest dot on the left of a character, and the highest on the right. */
static void dots_are_where_they_belong(void **state)
{
    static struct timeline t;
    struct drawing d;

    (void)state;
    t.width = KEDGE_MSEC;
    for (uint32_t i = 0; i < 60; i++) {
        timeline_count(&t, i * KEDGE_MSEC, 0);
        timeline_measure(&t, i * KEDGE_MSEC, i % 2 ? 1000 : 10);
    }
    d = draw(NULL, &t, 40, true);
    assert_memory_equal(d.lines[0] + 12, "\xe2\xa0\x88", 3);
    assert_memory_equal(d.lines[7] + 12, "\xe2\xa1\x80", 3);
    assert_int_equal(strspn(d.lines[3] + 12, " "), 30);
    free(d.text);
}

static void rare_losses_are_seen(void **state)
{
    static struct timeline t;
    struct drawing d;

    (void)state;
    t.width = KEDGE_MSEC;
    for (uint32_t i = 0; i < 240000; i++)
        timeline_count(&t, i * KEDGE_MSEC, i == 120000 ? 2 : 0);
    d = draw(NULL, &t, 80, false);
    assert_int_equal(d.count, 3);
    assert_memory_equal(d.lines[0], "    lost |", 10);
    assert_int_equal(strspn(d.lines[0] + 10, " "), 35);
    assert_int_equal(d.lines[0][45], '.');
    free(d.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_the_width),
        cmocka_unit_test(bars_are_shares),
        cmocka_unit_test(one_value_and_none),
        cmocka_unit_test(dots_are_where_they_belong),
        cmocka_unit_test(rare_losses_are_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
