/* SPDX-License-Identifier: MIT */
/* Patterns of datagrams: read word by word, never stored. */
#include "check/match.h"

#include "base/bytes.h"
#include "base/number.h"
#include "check/packet.h"
#include "kedge/tftp.h"

#include <string.h>

static const struct {
    const char *name;
    uint16_t op;
} ops[] = {
    { "RRQ", KEDGE_TFTP_RRQ }, { "WRQ", KEDGE_TFTP_WRQ },     { "DATA", KEDGE_TFTP_DATA },
    { "ACK", KEDGE_TFTP_ACK }, { "ERROR", KEDGE_TFTP_ERROR }, { "OACK", KEDGE_TFTP_OACK },
};

/* The next word of `left`, which ends at a blank; empty at the end. */
static struct kedge_span next_match_word(struct kedge_span *left)
{
    struct kedge_span word;

    while (left->len > 0 && *left->ptr == ' ')
        *left = (struct kedge_span){ left->ptr + 1, left->len - 1 };
    word = (struct kedge_span){ left->ptr, 0 };
    while (word.len < left->len && word.ptr[word.len] != ' ')
        word.len++;
    *left = (struct kedge_span){ left->ptr + word.len, left->len - word.len };
    return word;
}

/* The part of `text` before the next `by`, which is taken too. */
static struct kedge_span next_part(struct kedge_span *text, char by)
{
    const uint8_t *end = text->len ? memchr(text->ptr, by, text->len) : NULL;
    struct kedge_span part = { text->ptr, end ? (size_t)(end - text->ptr) : text->len };
    size_t used = part.len + (end ? 1 : 0);

    *text = (struct kedge_span){ text->ptr + used, text->len - used };
    return part;
}

static uint16_t op_of(struct kedge_span word)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (span_equal(word, span_of(ops[i].name)))
            return ops[i].op;
    return 0;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool number_in(struct kedge_span list, uint64_t number)
{
    while (list.len > 0) {
        struct kedge_span part = next_part(&list, ',');
        uint64_t v = 0;

        if (decimal(part, UINT16_MAX, &v) && v == number)
            return true;
    }
    return false;
}

/* NAME, NAME=V, NAME<=V, NAME>=V, !NAME. */
struct condition {
    char name[24];
    bool absent;
    char how; /* 0: it has only to be there; '=', '<', '>' */
    struct kedge_span value;
};

static bool condition_read(struct kedge_span word, struct condition *c)
{
    size_t at = 0, start;

    *c = (struct condition){ .absent = word.len > 0 && word.ptr[0] == '!' };
    at = start = c->absent;
    while (at < word.len && !memchr("=<>", word.ptr[at], 3))
        at++;
    if (at == start || at - start >= sizeof c->name)
        return false;
    memcpy(c->name, word.ptr + start, at - start);
    if (at == word.len)
        return true;
    c->how = (char)word.ptr[at];
    at += c->how == '=' ? 1 : 2;
    if (at > word.len || word.ptr[at - 1] != '=')
        return false;
    c->value = (struct kedge_span){ word.ptr + at, word.len - at };
    return true;
}

static bool compares(const struct condition *c, struct kedge_span value)
{
    uint64_t a = 0, b = 0;

    if (c->how == 0)
        return true;
    if (c->how == '=')
        return span_equal(value, c->value);
    if (!decimal(value, UINT64_MAX, &a) || !decimal(c->value, UINT64_MAX, &b))
        return false;
    return c->how == '<' ? a <= b : a >= b;
}

static bool wrong(struct check_match *m, const uint8_t *from, size_t at, size_t len)
{
    (void)from;
    *m = (struct check_match){ false, at, len };
    return false;
}

static bool option_holds(const struct condition *c, struct kedge_span d,
                         struct check_match *m)
{
    struct kedge_span list = { d.ptr + 2, d.len > 2 ? d.len - 2 : 0 }, value = { 0 };
    bool there = check_option(list, c->name, &value);

    if (there == c->absent)
        return wrong(m, d.ptr,
                     there ? (size_t)(value.ptr - d.ptr) - strlen(c->name) - 1 : 2,
                     there ? strlen(c->name) : d.len - 2);
    return c->absent || compares(c, value) ||
           wrong(m, d.ptr, (size_t)(value.ptr - d.ptr), value.len ? value.len : 1);
}

static bool word_holds(struct kedge_span word, struct kedge_span d, struct check_match *m)
{
    uint64_t body = d.len > 4 ? d.len - 4 : 0, want = 0;
    struct condition c;

    if (is_digit(word.ptr[0]))
        return number_in(word, check_number(d)) || wrong(m, d.ptr, 2, 2);
    if (!condition_read(word, &c))
        return wrong(m, d.ptr, 0, d.len);
    if (strcmp(c.name, "len") != 0)
        return option_holds(&c, d, m);
    if (!decimal(c.value, UINT32_MAX, &want))
        return wrong(m, d.ptr, 0, d.len);
    if (c.how == '=' ? body == want : body <= want)
        return true;
    return wrong(m, d.ptr, body > want ? 4 + want : 4, body > want ? body - want : body);
}

static struct check_match one(struct kedge_span pattern, struct kedge_span d)
{
    struct check_match m = { .ok = true };
    struct kedge_span word = next_match_word(&pattern);
    uint16_t op = op_of(word);
    size_t least = op == KEDGE_TFTP_OACK ? 2 : 4;

    if (span_equal(word, span_of("any")))
        return m;
    if (check_opcode(d) != op || d.len < least)
        return (struct check_match){ false, 0, d.len < least ? d.len : 2 };
    for (word = next_match_word(&pattern); word.len > 0; word = next_match_word(&pattern))
        if (!word_holds(word, d, &m))
            return m;
    return m;
}

struct check_match check_match(const char *pattern, struct kedge_span datagram)
{
    struct kedge_span left = span_of(pattern);
    struct check_match first = { 0 };

    for (bool begun = false; left.len > 0; begun = true) {
        struct check_match m = one(next_part(&left, '|'), datagram);

        if (m.ok)
            return m;
        if (!begun || (first.mark == 0 && m.mark > 0))
            first = m;
    }
    return first;
}

long check_match_number(const char *pattern)
{
    struct kedge_span left = span_of(pattern), word, part = next_part(&left, '|');
    uint64_t v = 0;

    (void)next_match_word(&part);
    word = next_match_word(&part);
    return word.len > 0 && decimal(word, UINT16_MAX, &v) ? (long)v : -1;
}

bool check_pattern_valid(const char *pattern)
{
    struct kedge_span left = span_of(pattern);
    struct condition c;

    if (left.len == 0)
        return false;
    while (left.len > 0) {
        struct kedge_span part = next_part(&left, '|'), word = next_match_word(&part);

        if (op_of(word) == 0 && !span_equal(word, span_of("any")))
            return false;
        for (word = next_match_word(&part); word.len > 0; word = next_match_word(&part))
            if (!is_digit(word.ptr[0]) && !condition_read(word, &c))
                return false;
    }
    return true;
}
