/* SPDX-License-Identifier: MIT */
/* Cursors over bytes. A reader takes fields from the front of a span, a writer appends
 * fields to a buffer. Neither passes its end: the first field that does not fit sets
 * `bad` for good, so a parser goes on as though all were well and asks once, when it is
 * finished. Numbers are in network byte order. No allocation. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "kedge/base.h"

struct reader {
    struct kedge_span left;
    bool bad;
};

/* The next n bytes, or an empty span (and bad) if fewer are left. */
struct kedge_span take(struct reader *r, size_t n);
uint8_t take_u8(struct reader *r);
uint16_t take_u16(struct reader *r);
uint32_t take_u32(struct reader *r);
uint64_t take_u64(struct reader *r);

/* The bytes before the next NUL, which is taken too; bad if there is none. */
struct kedge_span take_string(struct reader *r);

struct writer {
    uint8_t *ptr;
    size_t len;  /* written so far */
    size_t room; /* the buffer's whole size */
    bool bad;
};

/* Append. When it does not fit, nothing of it is written and bad is set. */
void put(struct writer *w, struct kedge_span bytes);
void put_u8(struct writer *w, uint8_t v);
void put_u16(struct writer *w, uint16_t v);
void put_u32(struct writer *w, uint32_t v);
void put_u64(struct writer *w, uint64_t v);

/* The bytes and one NUL. */
void put_string(struct writer *w, struct kedge_span bytes);

/* A number in decimal, without a NUL. */
void put_decimal(struct writer *w, uint64_t v);

/* What was written so far. */
struct kedge_span written(const struct writer *w);

/* A C string as a span, without its NUL. */
struct kedge_span span_of(const char *text);

bool span_equal(struct kedge_span a, struct kedge_span b);

/* Equal when ASCII letters are taken without case. */
bool span_equal_nocase(struct kedge_span a, const char *text);

#endif
