/* SPDX-License-Identifier: MIT */
/* What the tests of src/tftp share: exact heap blocks, packets by hand. */
#ifndef TESTS_UNIT_TFTP_HELP_H
#define TESTS_UNIT_TFTP_HELP_H

#include "kedge/tftp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MS(n) ((n)*KEDGE_MSEC)

/* A copy of n bytes in a block of n bytes: a sanitizer sees one byte too far. */
static inline uint8_t *exact(const void *bytes, size_t n)
{
    uint8_t *copy = malloc(n);

    assert_true(copy || n == 0);
    if (n > 0)
        memcpy(copy, bytes, n);
    return copy;
}

/* The bytes of a literal without its last NUL, as an initializer and as a value. */
#define BYTES(literal)                                                                   \
    {                                                                                    \
        (const uint8_t *)(literal), sizeof(literal) - 1                                  \
    }
#define SPAN(literal) ((struct kedge_span)BYTES(literal))

static inline void assert_span(struct kedge_span got, struct kedge_span want)
{
    assert_int_equal(got.len, want.len);
    if (want.len > 0)
        assert_memory_equal(got.ptr, want.ptr, want.len);
}

static inline struct kedge_tftp_packet ack(uint16_t number)
{
    return (struct kedge_tftp_packet){ .op = KEDGE_TFTP_ACK, .number = number };
}

static inline struct kedge_tftp_packet error(uint16_t code)
{
    return (struct kedge_tftp_packet){ .op = KEDGE_TFTP_ERROR, .number = code };
}

static inline struct kedge_tftp_packet data(uint16_t number, struct kedge_span body)
{
    return (struct kedge_tftp_packet){ KEDGE_TFTP_DATA, number, body };
}

#endif
