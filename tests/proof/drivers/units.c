/* SPDX-License-Identifier: MIT */
/* The proof of src/base/units.c. */
/* With: base/bytes.c base/number.c */
#include "base/units.c"

#include "proof.h"

enum { TEXT = 12 };

void prove_units_time(void)
{
    ANY_SPAN(text, TEXT);
    kedge_nanos v;

    if (units_time(text, &v))
        v++;
}

void prove_units_size(void)
{
    ANY_SPAN(text, TEXT);
    uint64_t v;

    if (units_size(text, &v))
        v++;
}

void prove_units_octal(void)
{
    ANY_SPAN(text, 24);
    uint64_t v;

    if (units_octal(text, any_u64(), &v))
        v++;
}
