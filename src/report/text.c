/* SPDX-License-Identifier: MIT */
/* Bytes from elsewhere, escaped for terminals and logs. */
#include "report/text.h"

#include <string.h>

static const struct kedge_span dots = { (const uint8_t *)"...", 3 };

/* RFC 3629, table 3-7 of Unicode: the second byte's range depends on the first. */
static bool second_fits(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return second >= 0x80 && second <= 0xbf;
    }
}

static size_t length_of(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    if (first >= 0xf0 && first <= 0xf4)
        return 4;
    return 0;
}

size_t text_utf8(struct kedge_span left, uint32_t *code)
{
    size_t len = left.len > 0 ? length_of(left.ptr[0]) : 0;
    uint32_t v = 0;

    if (len == 0 || len > left.len)
        return 0;
    if (len > 1 && !second_fits(left.ptr[0], left.ptr[1]))
        return 0;
    v = len == 1 ? left.ptr[0] : left.ptr[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((left.ptr[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (left.ptr[i] & 0x3fU);
    }
    *code = v;
    return len;
}

bool text_prints(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return false;
    if (code == 0x061c || code == 0xfeff)
        return false;
    return !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) &&
           !(code >= 0x2060 && code <= 0x206f);
}

/* One character of the text in the form it is shown in; returns the bytes it took. */
static size_t next_piece(struct kedge_span left, bool quoted, struct writer *piece)
{
    uint32_t code = 0;
    size_t len = text_utf8(left, &code);
    bool prints = len > 0 && text_prints(code);

    if (len == 0)
        len = 1;
    if (quoted && (code == '"' || code == '\\'))
        put_u8(piece, '\\');
    if (prints)
        put(piece, (struct kedge_span){ left.ptr, len });
    for (size_t i = 0; !prints && i < len; i++) {
        put(piece, span_of("\\x"));
        put_u8(piece, (uint8_t) "0123456789abcdef"[left.ptr[i] >> 4]);
        put_u8(piece, (uint8_t) "0123456789abcdef"[left.ptr[i] & 15]);
    }
    return len;
}

/* Nothing to escape and nothing to cut, as nearly always. */
static bool is_plain(struct kedge_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] < ' ' || bytes.ptr[i] > '~' || bytes.ptr[i] == '"' ||
            bytes.ptr[i] == '\\')
            return false;
    return true;
}

static void append_escaped(struct writer *w, struct kedge_span bytes, size_t most,
                           bool quoted)
{
    size_t left = w->bad ? 0 : w->room - w->len;
    struct writer safe = *w; /* as far as "..." still fits behind */

    if (most < left)
        left = most;
    safe.bad = left < dots.len;
    if (bytes.len <= left && is_plain(bytes)) {
        put(w, bytes);
        return;
    }
    while (bytes.len > 0) {
        uint8_t space[16];
        struct writer piece = { .ptr = space, .room = sizeof space };
        size_t took = next_piece(bytes, quoted, &piece);

        if (piece.len > left)
            break;
        put(w, written(&piece));
        left -= piece.len;
        if (left >= dots.len)
            safe = *w;
        bytes = (struct kedge_span){ bytes.ptr + took, bytes.len - took };
    }
    if (bytes.len > 0) {
        *w = safe;
        put(w, dots);
    }
}

void text_printable(struct writer *w, struct kedge_span bytes, size_t most)
{
    append_escaped(w, bytes, most, false);
}

void text_quoted(struct writer *w, struct kedge_span bytes, size_t most)
{
    put_u8(w, '"');
    if (w->bad || w->room == w->len) {
        w->bad = true;
        return;
    }
    w->room--; /* for the closing quote */
    append_escaped(w, bytes, most > 2 ? most - 2 : 0, true);
    w->room++;
    put_u8(w, '"');
}

void text_ms(struct writer *w, kedge_nanos v)
{
    uint64_t us = v / KEDGE_USEC + (v % KEDGE_USEC >= KEDGE_USEC / 2);

    put_decimal(w, us / 1000);
    put_u8(w, '.');
    for (uint64_t digit = 100; digit > 0; digit /= 10)
        put_u8(w, (uint8_t)('0' + us / digit % 10));
}

void text_count(struct writer *w, uint64_t v)
{
    if (v >= 1000) {
        text_count(w, v / 1000);
        put_u8(w, ',');
        for (uint64_t digit = 100; digit > 1; digit /= 10)
            put_u8(w, (uint8_t)('0' + v % 1000 / digit % 10));
        v %= 10;
    }
    put_decimal(w, v);
}

void text_size(struct writer *w, uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    uint64_t v = bytes, tenths = 0;
    unsigned unit = 0;

    for (; v >= 10000; unit++) {
        tenths = v % 1024 * 10 / 1024;
        v /= 1024;
    }
    put_decimal(w, v);
    if (unit > 0 && v < 100) {
        put_u8(w, '.');
        put_decimal(w, tenths);
    }
    put_u8(w, ' ');
    if (unit > 0) {
        put_u8(w, (uint8_t)units[unit - 1]);
        put_u8(w, 'i');
    }
    put_u8(w, 'B');
}

size_t text_width(struct kedge_span text)
{
    size_t columns = 0;

    for (size_t i = 0; i < text.len; i++)
        columns += (text.ptr[i] & 0xc0) != 0x80;
    return columns;
}
