/* SPDX-License-Identifier: MIT */
/* kedge send without memory: it says so, and ends with the exit status for it. */
#include "cmd/verbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static bool no_memory;

void *__wrap_calloc(size_t n, size_t size);
void *__real_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
    return no_memory ? NULL : __real_calloc(n, size);
}

static void without_memory_it_ends(void **state)
{
    const char *items[] = { "udp://127.0.0.1:7" };
    struct operands operands = { .items = items, .count = 1 };
    enum exit_code code;

    (void)state;
    no_memory = true;
    code = verb_send.run(verb_send.defaults, &operands);
    no_memory = false;
    assert_int_equal(code, EXIT_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
