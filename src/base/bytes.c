/* SPDX-License-Identifier: MIT */
/* Cursors over bytes: fields read from a span and appended to a buffer. */
#include "base/bytes.h"

#include <string.h>

struct kedge_span take(struct reader *r, size_t n)
{
    struct kedge_span head = { r->left.ptr, n };

    if (r->bad || n > r->left.len) {
        r->bad = true;
        return (struct kedge_span){ 0 };
    }
    if (n > 0)
        r->left = (struct kedge_span){ r->left.ptr + n, r->left.len - n };
    return head;
}

static uint64_t take_number(struct reader *r, size_t size)
{
    struct kedge_span bytes = take(r, size);
    uint64_t v = 0;

    for (size_t i = 0; i < bytes.len; i++)
        v = v << 8 | bytes.ptr[i];
    return v;
}

uint8_t take_u8(struct reader *r)
{
    return (uint8_t)take_number(r, 1);
}

uint16_t take_u16(struct reader *r)
{
    return (uint16_t)take_number(r, 2);
}

uint32_t take_u32(struct reader *r)
{
    return (uint32_t)take_number(r, 4);
}

uint64_t take_u64(struct reader *r)
{
    return take_number(r, 8);
}

struct kedge_span take_string(struct reader *r)
{
    const uint8_t *nul = NULL;
    struct kedge_span text;

    if (!r->bad && r->left.len > 0)
        nul = memchr(r->left.ptr, 0, r->left.len);
    if (!nul) {
        r->bad = true;
        return (struct kedge_span){ 0 };
    }
    text = take(r, (size_t)(nul - r->left.ptr));
    (void)take(r, 1);
    return text;
}

void put(struct writer *w, struct kedge_span bytes)
{
    if (w->bad || bytes.len > w->room - w->len) {
        w->bad = true;
        return;
    }
    if (bytes.len > 0)
        memcpy(w->ptr + w->len, bytes.ptr, bytes.len);
    w->len += bytes.len;
}

static void put_big_endian(struct writer *w, uint64_t v, size_t size)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(v >> 8 * (size - 1 - i));
    put(w, (struct kedge_span){ bytes, size });
}

void put_u8(struct writer *w, uint8_t v)
{
    put_big_endian(w, v, 1);
}

void put_u16(struct writer *w, uint16_t v)
{
    put_big_endian(w, v, 2);
}

void put_u32(struct writer *w, uint32_t v)
{
    put_big_endian(w, v, 4);
}

void put_u64(struct writer *w, uint64_t v)
{
    put_big_endian(w, v, 8);
}

void put_string(struct writer *w, struct kedge_span bytes)
{
    if (bytes.len >= w->room - w->len)
        w->bad = true; /* all or nothing: text and NUL together */
    put(w, bytes);
    put_u8(w, 0);
}

void put_decimal(struct writer *w, uint64_t v)
{
    uint8_t digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    put(w, (struct kedge_span){ digits + at, sizeof digits - at });
}

struct kedge_span written(const struct writer *w)
{
    return (struct kedge_span){ w->ptr, w->len };
}

struct kedge_span span_of(const char *text)
{
    const char *end = text;

    while (*end)
        end++;
    return (struct kedge_span){ (const uint8_t *)text, (size_t)(end - text) };
}

bool span_equal(struct kedge_span a, struct kedge_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool span_equal_nocase(struct kedge_span a, const char *text)
{
    for (size_t i = 0; i < a.len; i++)
        if (text[i] == 0 || lower(a.ptr[i]) != lower((uint8_t)text[i]))
            return false;
    return text[a.len] == 0;
}
