/* SPDX-License-Identifier: MIT */
/* The proof of src/base/bytes.c. */
#include "base/bytes.c"

#include "proof.h"

enum { BYTES = 9, TEXT = 16 };

#define ANY_READER(name)                                                                 \
    ANY_SPAN(name##_span, BYTES);                                                        \
    struct reader name = { name##_span, any_bool() }

#define ANY_WRITER(name)                                                                 \
    EACH(name##_room, BYTES);                                                            \
    EACH(name##_at, name##_room);                                                        \
    ANY_BYTES(name##_bytes, name##_room);                                                \
    struct writer name = { name##_bytes, name##_at, name##_room, any_bool() }

static void check(const struct writer *w)
{
    //@ assert within: w->len <= w->room;
    readable(written(w));
}

void prove_take(void)
{
    ANY_READER(r);
    EACH(n, BYTES + 1);
    size_t wanted = n > BYTES ? any_from_to(n, SIZE_MAX) : n;
    struct kedge_span head = take(&r, wanted);

    readable(head);
    readable(r.left);
}

void prove_take_numbers(void)
{
    ANY_READER(r);

    (void)take_u8(&r);
    (void)take_u16(&r);
    (void)take_u32(&r);
    readable(r.left);
    (void)take_u64(&r);
    readable(r.left);
}

void prove_take_u64(void)
{
    ANY_READER(r);

    (void)take_u64(&r);
    readable(r.left);
}

void prove_take_string(void)
{
    ANY_READER(r);
    struct kedge_span text = take_string(&r);

    readable(text);
    readable(r.left);
}

void prove_put_numbers(void)
{
    ANY_WRITER(w);

    put_u8(&w, (uint8_t)any_u64());
    put_u16(&w, (uint16_t)any_u64());
    put_u32(&w, (uint32_t)any_u64());
    check(&w);
}

void prove_put_u64(void)
{
    ANY_WRITER(w);

    put_u64(&w, any_u64());
    check(&w);
}

void prove_put_decimal(void)
{
    ANY_WRITER(w);

    put_decimal(&w, any_u64());
    check(&w);
}

void prove_span_of(void)
{
    ANY_TEXT(text, TEXT);

    readable(span_of(text));
}

void prove_span_equal(void)
{
    ANY_SPAN(a, BYTES);
    ANY_SPAN(b, BYTES);

    (void)span_equal(a, b);
}
