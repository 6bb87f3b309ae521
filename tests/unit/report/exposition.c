/* SPDX-License-Identifier: MIT */
/* Tests of report/exposition.h: what a reader of the format would choke on is escaped, and
 * the bounds of a histogram count to the nanosecond. */
#include "report/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_label_is_escaped(void **state)
{
    uint8_t space[128];
    struct writer w = { .ptr = space, .room = sizeof space };

    (void)state;
    exposition_label(&w, "a", "1");
    exposition_label(&w, "b", "x\"y\\z\n\xff");
    assert_false(w.bad);
    assert_true(
        span_equal(written(&w), span_of("a=\"1\",b=\"x\\\"y\\\\z\\\\x0a\\\\xff\"")));
}

/* The text of one histogram of these samples. */
static char *text_of(const kedge_nanos *samples, size_t count)
{
    struct histogram h = { 0 };
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct exposition e = { .out = out };

    for (size_t i = 0; i < count; i++)
        histogram_record(&h, samples[i]);
    exposition_family(&e, "h", EXPOSITION_HISTOGRAM, "what");
    exposition_histogram(&e, (struct kedge_span){ 0 }, &h);
    fclose(out);
    histogram_free(&h);
    return text;
}

static void open_metrics_differs_in_counters_and_in_its_end(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct exposition e = { .out = out, .open_metrics = true };

    (void)state;
    exposition_family(&e, "a_total", EXPOSITION_COUNTER, "what");
    exposition_number(&e, (struct kedge_span){ 0 }, 7);
    exposition_family(&e, "b", EXPOSITION_GAUGE, "what");
    exposition_end(&e);
    e.open_metrics = false;
    exposition_family(&e, "c_total", EXPOSITION_COUNTER, "what");
    exposition_end(&e);
    fclose(out);
    assert_string_equal(text, "# HELP a what\n# TYPE a counter\na_total 7\n"
                              "# HELP b what\n# TYPE b gauge\n# EOF\n"
                              "# HELP c_total what\n# TYPE c_total counter\n");
    free(text);
}

static void bounds_are_exact(void **state)
{
    static const kedge_nanos samples[] = { 8191,  8192,         12287,
                                           12288, 17179869183u, 17179869184u };
    char *text = text_of(samples, sizeof samples / sizeof *samples);

    (void)state;
    assert_non_null(strstr(text, "# HELP h what\n# TYPE h histogram\n"));
    assert_non_null(strstr(text, "\nh_bucket{le=\"0.000008191\"} 1\n"));
    assert_non_null(strstr(text, "\nh_bucket{le=\"0.000012287\"} 3\n"));
    assert_non_null(strstr(text, "\nh_bucket{le=\"0.000016383\"} 4\n"));
    assert_non_null(strstr(text, "\nh_bucket{le=\"17.179869183\"} 5\n"));
    assert_non_null(strstr(text, "\nh_bucket{le=\"+Inf\"} 6\n"));
    assert_non_null(strstr(text, "\nh_sum 34.359779325\nh_count 6\n"));
    free(text);
}

static void an_empty_histogram_has_all_bounds(void **state)
{
    char *text = text_of(NULL, 0);
    size_t lines = 0;

    (void)state;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 2 + 43 + 1 + 2);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_escaped),
        cmocka_unit_test(bounds_are_exact),
        cmocka_unit_test(open_metrics_differs_in_counters_and_in_its_end),
        cmocka_unit_test(an_empty_histogram_has_all_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
