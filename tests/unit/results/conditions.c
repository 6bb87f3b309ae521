/* SPDX-License-Identifier: MIT */
/* Tests of results/conditions.h: what is a condition, and when it fails. */
#include "results/conditions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void what_is_no_condition_says_why(void **state)
{
    static const struct {
        const char *text, *why;
    } wrong[] = {
        { "", "a condition is" },      { "p99", "a condition is" },
        { ">5ms", "the figures are" }, { "p98>5ms", "the figures are" },
        { "p99>", "with its unit" },   { "p99>5 ms", "with its unit" },
        { "p99>5x", "with its unit" }, { "p99>=5ms", "with its unit" },
        { "lost>", "a number" },       { "lost>5ms", "a number" },
        { "lost>-1", "a number" },     { "lost>%", "percentage" },
        { "lost>1.%", "percentage" },  { "lost>1.2345%", "percentage" },
        { "lost>-1%", "percentage" },  { "p99>5%", "two runs" },
    };
    struct kedge_error error;
    struct check c;

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(check_parse(&c, wrong[i].text, false, &error));
        if (!strstr(error.text, wrong[i].why))
            fail_msg("%s: %s", wrong[i].text, error.text);
    }
    assert_true(check_parse(&c, "p99>5%", true, &error));
    assert_true(check_parse(&c, "p99>5", false, &error)); /* as of --interval 5 */
    assert_true(c.value == 5 * KEDGE_SEC);
    assert_false(check_parse(&c, "p99>+%", true, &error));
}

/* 100 round trips of 1 to 100 us, of 102 probes. */
static void hundred(struct probe_stats *a, kedge_nanos unit)
{
    *a = (struct probe_stats){ 0 };
    for (uint64_t i = 1; i <= 100; i++)
        histogram_record(&a->rtt, i * unit);
    a->sent = 102;
    a->received = 100;
    a->lost = 2;
}

static bool fails(const char *text, const struct probe_stats *a,
                  const struct probe_stats *before)
{
    struct probe_view v = { .stats = a }, w = { .stats = before };
    struct kedge_error error;
    struct check_why why;
    struct check c;

    assert_true(check_parse(&c, text, before != NULL, &error));
    return check_fails(&c, &v, before ? &w : NULL, &why);
}

static void judges_each_figure(void **state)
{
    static const struct {
        const char *text;
        bool fails;
    } cases[] = {
        { "lost>1", true },        { "lost>2", false },         { "lost<2", false },
        { "lost<3", true },        { "lost>1.96%", true },      { "lost>1.961%", false },
        { "received<100", false }, { "received<99%", true },    { "sent>101", true },
        { "min>999ns", true },     { "min>1us", false },        { "max<100us", false },
        { "max<100001ns", true },  { "p50>40us", true },        { "p50>60us", false },
        { "p99>90us", true },      { "p99.9>1ns", true },       { "p99.9<1h", true },
        { "jitter>1h", true },     { "duplicated>0", false },   { "late>0%", false },
        { "altered>0", false },    { "rtt_ns.p99>90us", true }, { "stray<1", true },
    };
    static struct probe_stats a;

    (void)state;
    hundred(&a, KEDGE_USEC);
    for (size_t i = 0; i < COUNT(cases); i++)
        if (fails(cases[i].text, &a, NULL) != cases[i].fails)
            fail_msg("%s", cases[i].text);
    probe_stats_free(&a);
}

static void judges_a_change(void **state)
{
    static struct probe_stats a, b, none;

    (void)state;
    hundred(&a, KEDGE_USEC);
    hundred(&b, 2 * KEDGE_USEC);
    assert_true(fails("min>99.9%", &b, &a));
    assert_false(fails("min>100%", &b, &a));
    assert_true(fails("p50>+90%", &b, &a));
    assert_true(fails("min<-49%", &a, &b));
    assert_false(fails("min<-50%", &a, &b));
    assert_true(fails("min>1000%", &b, &none));
    assert_true(fails("lost>1.9%", &b, &a));
    probe_stats_free(&a);
    probe_stats_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_condition_says_why),
        cmocka_unit_test(judges_each_figure),
        cmocka_unit_test(judges_a_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
