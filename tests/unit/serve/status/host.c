/* SPDX-License-Identifier: MIT */
/* Tests of serve/status/host.h: a table of headers, for what may be bound. */
#include "serve/status/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *bound; /* NULL: a path */
    const char *named; /* the endpoint's host */
    const char *header;
    bool allowed;
};

static const struct row rows[] = {
    { "127.0.0.1", "127.0.0.1", "localhost", true },
    { "127.0.0.1", "127.0.0.1", "LOCALHOST:9469", true },
    { "127.0.0.1", "127.0.0.1", "127.0.0.1:9469", true },
    { "127.0.0.1", "127.0.0.1", "127.1.2.3", true },
    { "127.0.0.1", "127.0.0.1", "[::1]", true },
    { "127.0.0.1", "127.0.0.1", "::1", false },
    { "127.0.0.1", "127.0.0.1", "[127.0.0.1]", true },
    { "127.0.0.1", "127.0.0.1", "192.0.2.1", false },
    { "127.0.0.1", "127.0.0.1", "evil.example", false },
    { "127.0.0.1", "127.0.0.1", "localhost.evil.example", false },
    { "127.0.0.1", "127.0.0.1", "evil.example:localhost", false },
    { "127.0.0.1", "127.0.0.1", "localhost@evil.example", false },
    { "127.0.0.1", "127.0.0.1", "localhost:", true },
    { "127.0.0.1", "127.0.0.1", "", false },
    { "127.0.0.1", "127.0.0.1", ":9469", false },
    { "127.0.0.1", "127.0.0.1", "[]", false },
    { "127.0.0.1", "127.0.0.1", "[", false },
    { "127.0.0.1", "127.0.0.1", "[::1", false },
    { "127.0.0.1", "127.0.0.1", "[::1]x", false },
    { "127.0.0.1", "127.0.0.1", "0.0.0.0", false },
    { "192.0.2.1", "boot.example", "boot.example:9469", true },
    { "192.0.2.1", "boot.example", "Boot.Example", true },
    { "192.0.2.1", "boot.example", "192.0.2.1", true },
    { "192.0.2.1", "boot.example", "192.0.2.2", false },
    { "192.0.2.1", "boot.example", "boot.example.evil.example", false },
    { "0.0.0.0", "", "192.0.2.7:9469", true },
    { "0.0.0.0", "", "[2001:db8::1]:9469", true },
    { "0.0.0.0", "", "evil.example", false },
    { "::", "", "", false },
    { NULL, "", "evil.example", true },
};

static void each_header_is_taken_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct status_bound b = { .local = !r->bound, .host = r->named };

        if (r->bound)
            assert_true(net_address_parse(r->bound, 9469, &b.at));
        if (status_host_allowed(r->header, &b) != r->allowed)
            fail_msg("row %zu: %s", i, r->header);
    }
}

static void a_long_name_is_none(void **state)
{
    char name[2 * KEDGE_HOST_MAX];
    struct status_bound b = { .host = "" };

    (void)state;
    assert_true(net_address_parse("127.0.0.1", 0, &b.at));
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_false(status_host_allowed(name, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_header_is_taken_or_not),
        cmocka_unit_test(a_long_name_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
