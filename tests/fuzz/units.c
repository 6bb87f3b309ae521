/* SPDX-License-Identifier: MIT */
/* Numbers, times and sizes as people write them: what is read is what the text says. */
#include "base/units.h"

#include "base/number.h"
#include "fuzz.h"

#include <inttypes.h>
#include <string.h>

static const uint64_t untouched = 0x5eed;

/* As text in the smallest unit the value is read as itself. */
static void check_time(struct kedge_span text)
{
    kedge_nanos v = untouched, again;
    char out[32];

    if (!units_time(text, &v)) {
        MUST(v == untouched);
        return;
    }
    snprintf(out, sizeof out, "%" PRIu64 "ns", v);
    MUST(units_time(span_of(out), &again) && again == v);
}

static void check_size(struct kedge_span text)
{
    uint64_t v = untouched, again;
    char out[32];

    if (!units_size(text, &v)) {
        MUST(v == untouched);
        return;
    }
    snprintf(out, sizeof out, "%" PRIu64, v);
    MUST(units_size(span_of(out), &again) && again == v);
}

static void check_octal(struct kedge_span text, uint64_t max)
{
    uint64_t v = untouched, again;
    char out[32];

    if (!units_octal(text, max, &v)) {
        MUST(v == untouched);
        return;
    }
    MUST(v <= max);
    snprintf(out, sizeof out, "%" PRIo64, v);
    MUST(units_octal(span_of(out), v, &again) && again == v);
}

static void check_decimal(struct kedge_span text, uint64_t max)
{
    uint64_t v = untouched;
    uint8_t out[20];
    struct writer w = { .ptr = out, .room = sizeof out };
    struct kedge_span bare = text;

    if (!decimal(text, max, &v)) {
        MUST(v == untouched);
        return;
    }
    MUST(v <= max);
    while (bare.len > 1 && bare.ptr[0] == '0')
        bare = (struct kedge_span){ bare.ptr + 1, bare.len - 1 };
    put_decimal(&w, v);
    MUST(!w.bad && span_equal(written(&w), bare));
}

static void check_arithmetic(uint64_t a, uint64_t b, uint64_t c)
{
    __extension__ typedef unsigned __int128 wide;
    uint64_t v = mul_div(a, b, c);

    MUST(add_sat(a, b) == ((wide)a + b > UINT64_MAX ? UINT64_MAX : a + b));
    MUST(sub_sat(a, b) == (a < b ? 0 : a - b));
    if (c == 0)
        MUST(v == UINT64_MAX);
    else if ((wide)a * b <= UINT64_MAX)
        MUST(v == (uint64_t)((wide)a * b / c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = { .left = { data, size } };
    uint64_t a = take_u64(&r);
    uint64_t b = take_u64(&r);

    check_arithmetic(a, b, take_u64(&r));
    r = (struct reader){ .left = { data, size } };
    if (take_u8(&r) & 1)
        a = UINT64_MAX;
    check_time(r.left);
    check_size(r.left);
    check_octal(r.left, a);
    check_decimal(r.left, a);
    return 0;
}
