/* SPDX-License-Identifier: MIT */
/* Times and sizes with their units, parsed and printed. */
#include "base/units.h"

#include "base/bytes.h"
#include "base/number.h"

struct unit {
    const char *name;
    uint64_t scale;
};

#define K ((uint64_t)1024)

static const struct unit times[] = {
    { "", KEDGE_SEC },         { "ns", 1 },        { "us", KEDGE_USEC },
    { "ms", KEDGE_MSEC },      { "s", KEDGE_SEC }, { "m", 60 * KEDGE_SEC },
    { "h", 3600 * KEDGE_SEC }, { NULL, 0 },
};

static const struct unit sizes[] = {
    { "", 1 },        { "K", K },         { "k", K },      { "KiB", K },
    { "M", K *K },    { "m", K *K },      { "MiB", K *K }, { "G", K *K *K },
    { "g", K *K *K }, { "GiB", K *K *K }, { NULL, 0 },
};

/* digits[.digits] and the rest. */
struct quantity {
    uint64_t whole;
    uint64_t thousandths;
    struct kedge_span unit;
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static struct kedge_span from(struct kedge_span text, size_t at)
{
    return (struct kedge_span){ text.ptr + at, text.len - at };
}

static bool fraction(struct kedge_span text, size_t *at, uint64_t *thousandths)
{
    uint64_t weight = 100;
    size_t start = *at;

    for (; *at < text.len && is_digit(text.ptr[*at]); ++*at, weight /= 10) {
        if (weight == 0)
            return false;
        *thousandths += weight * (uint64_t)(text.ptr[*at] - '0');
    }
    return *at > start;
}

static bool quantity(struct kedge_span text, struct quantity *q)
{
    size_t at = 0;

    while (at < text.len && is_digit(text.ptr[at]))
        at++;
    if (!decimal((struct kedge_span){ text.ptr, at }, UINT64_MAX, &q->whole))
        return false;
    if (at < text.len && text.ptr[at] == '.') {
        at++;
        if (!fraction(text, &at, &q->thousandths))
            return false;
    }
    if (at < text.len)
        q->unit = from(text, at);
    return true;
}

/* Part of a byte or of a nanosecond is nobody's wish: it is refused, not rounded. */
static bool scaled(const struct quantity *q, uint64_t scale, uint64_t *out)
{
    uint64_t part = q->thousandths * scale; /* below 1000 * 3600 * KEDGE_SEC */

    if (part % 1000 != 0 || q->whole > UINT64_MAX / scale)
        return false;
    if (q->whole * scale > UINT64_MAX - part / 1000)
        return false;
    *out = q->whole * scale + part / 1000;
    return true;
}

static bool read_as(struct kedge_span text, const struct unit *units, uint64_t *out)
{
    struct quantity q = { 0 };

    if (!quantity(text, &q))
        return false;
    for (; units->name; units++)
        if (span_equal(q.unit, span_of(units->name)))
            return scaled(&q, units->scale, out);
    return false;
}

bool units_time(struct kedge_span text, kedge_nanos *out)
{
    return read_as(text, times, out);
}

bool units_size(struct kedge_span text, uint64_t *out)
{
    return read_as(text, sizes, out);
}

bool units_octal(struct kedge_span text, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t digit = (uint8_t)(text.ptr[i] - '0');

        if (digit > 7 || v > UINT64_MAX >> 3)
            return false;
        v = v << 3 | digit;
    }
    if (text.len == 0 || v > max)
        return false;
    *out = v;
    return true;
}
