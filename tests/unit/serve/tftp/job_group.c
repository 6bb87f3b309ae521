/* SPDX-License-Identifier: MIT */
/* Tests of serve/tftp/job_group.h. */
#include "serve/tftp/job_group.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct store_root root = { .fd = 5 };

static uint32_t reads(const char *name)
{
    return job_group(&root, span_of(name), false);
}

static void one_directory_is_one_group_however_it_is_spelled(void **state)
{
    const char *same[] = { "/dead/b",   "dead//b",   "./dead/b",
                           "dead/./b",  "x/../dead", "../dead/b/../../dead/c",
                           "dead/b/..", "dead",      "dead/b/c/../d" };

    (void)state;
    for (size_t i = 0; i < COUNT(same); i++)
        assert_int_equal(reads(same[i]), reads("dead/a"));
}

static void others_are_not_of_it(void **state)
{
    const struct store_root elsewhere = { .fd = 6 };
    const char *other[] = { "", ".", "dea/d", "deadly", "b/dead", "dead/../b" };
    uint32_t dead = reads("dead/a");

    (void)state;
    for (size_t i = 0; i < COUNT(other); i++)
        assert_int_not_equal(reads(other[i]), dead);
    assert_int_not_equal(job_group(&root, span_of("dead/a"), true), dead);
    assert_int_not_equal(job_group(&elsewhere, span_of("dead/a"), false), dead);
    assert_int_not_equal(job_group(NULL, span_of("dead/a"), false), dead);
}

static uint32_t network(const char *client)
{
    struct net_address address;

    assert_true(net_address_parse(client, 69, &address));
    return job_group_network(&address);
}

static void one_network_is_one_group(void **state)
{
    (void)state;
    assert_int_equal(network("192.0.2.1"), network("192.0.2.254"));
    assert_int_not_equal(network("192.0.2.1"), network("192.0.3.1"));
    assert_int_equal(network("2001:db8:0:7::1"), network("2001:db8:0:8::1"));
    assert_int_not_equal(network("2001:db8:0:7::1"), network("2001:db8:0:107::1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_directory_is_one_group_however_it_is_spelled),
        cmocka_unit_test(others_are_not_of_it),
        cmocka_unit_test(one_network_is_one_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
