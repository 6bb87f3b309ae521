/* SPDX-License-Identifier: MIT */
/* The proof of src/base/number.c. */
#include "base/number.c"

#include "proof.h"

enum { DIGITS = 24 };

void prove_decimal(void)
{
    ANY_SPAN(text, DIGITS);
    uint64_t most = any_u64();
    uint64_t v;

    if (decimal(text, most, &v))
        (void)max_u64(v, most); /* it was set */
}

void prove_hex_digit(void)
{
    (void)hex_digit((uint8_t)any_u64());
}

void prove_arithmetic(void)
{
    uint64_t a = any_u64(), b = any_u64(), c = any_u64();

    (void)clamp_u64(a, b, c);
    (void)add_sat(a, b);
    (void)sub_sat(a, b);
}

void prove_mul_div(void)
{
    (void)mul_div(any_u64(), any_u64(), any_u64());
}
