/* SPDX-License-Identifier: MIT */
/* Numbers parsed from text and printed, checked digit by digit. */
#include "base/number.h"

bool decimal(struct kedge_span text, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t digit = (uint8_t)(text.ptr[i] - '0');

        if (digit > 9 || digit > max || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (text.len == 0)
        return false;
    *out = v;
    return true;
}

int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t clamp_u64(uint64_t v, uint64_t low, uint64_t high)
{
    return max_u64(low, min_u64(v, high));
}

uint64_t add_sat(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t sub_sat(uint64_t a, uint64_t b)
{
    return a < b ? 0 : a - b;
}

uint64_t mul_div(uint64_t v, uint64_t by, uint64_t over)
{
    while (by > 0 && v > UINT64_MAX / by) {
        v >>= 1;
        over >>= 1;
    }
    return over == 0 ? UINT64_MAX : v * by / over;
}
