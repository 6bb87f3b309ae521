/* SPDX-License-Identifier: MIT */
/* Tests of cmd/url.h: which URL has its port from the environment. */
#include "cmd/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_port_that_is_not_named_is_of_the_environment(void **state)
{
    static const struct {
        const char *url;
        uint16_t plain, set; /* without KEDGE_DEFAULT_PORT, and with 6970 */
    } urls[] = {
        { "tftp://host", 69, 6970 },    { "tftp://*", 69, 6970 },
        { "TFTP://host/f", 69, 6970 },  { "tftp://host/a:b", 69, 6970 },
        { "tftp://[::1]/f", 69, 6970 }, { "tftp://host:69/f", 69, 69 },
        { "tftp://host:0/f", 0, 0 },    { "tftp://[::1]:71", 71, 71 },
        { "echo://host", 7, 7 },        { "udp://host:5", 5, 5 },
    };
    struct kedge_endpoint e;
    struct kedge_error error;

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_int_equal(unsetenv("KEDGE_DEFAULT_PORT"), 0);
        assert_true(url_parse(urls[i].url, &e, &error));
        assert_int_equal(e.port, urls[i].plain);
        assert_int_equal(setenv("KEDGE_DEFAULT_PORT", "6970", 1), 0);
        assert_true(url_parse(urls[i].url, &e, &error));
        assert_int_equal(e.port, urls[i].set);
    }
}

static void what_is_no_port_is_an_error(void **state)
{
    static const char *const wrong[] = { "", "x", "70000", "-1", "69 " };
    struct kedge_endpoint e;
    struct kedge_error error;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(setenv("KEDGE_DEFAULT_PORT", wrong[i], 1), 0);
        assert_false(url_parse("tftp://host/f", &e, &error));
        assert_string_equal(
            error.text, "KEDGE_DEFAULT_PORT: the port is not a number from 0 to 65535");
        assert_int_equal(error.cause, KEDGE_BAD_ENDPOINT);
        assert_true(url_parse("tftp://host:69/f", &e, &error));
        assert_false(url_parse("tftp://host:x/f", &e, &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_is_not_named_is_of_the_environment),
        cmocka_unit_test(what_is_no_port_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
