/* SPDX-License-Identifier: MIT */
/* Skipping a test with its reason, which tests/unit/tap puts beside the test's name. */
#ifndef TESTS_UNIT_SKIP_H
#define TESTS_UNIT_SKIP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Ends the test. The reason is one line that says what this machine lacks. */
static inline void skip_because(const char *reason)
{
    printf("# skipped: %s\n", reason);
    skip();
}

#endif
