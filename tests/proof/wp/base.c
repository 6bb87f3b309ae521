/* SPDX-License-Identifier: MIT */
/* The cursor and the numbers, for every length: their contracts, and no undefined
 * behaviour. */
/* Functions: take, take_number, take_u8, take_u16, take_u32, take_u64, take_string,
 * put, put_big_endian, put_u8, put_u16, put_u32, put_u64, put_string, written, span_equal,
 * lower, span_equal_nocase, decimal, min_u64, max_u64, clamp_u64, add_sat, sub_sat, mul_div */
#include "contracts.h"

/* The C library, as its standard has it, of bytes. That it does so is not shown here. */
/*@ requires to: \valid(to + (0 .. n - 1));
  @ requires from: \valid_read(from + (0 .. n - 1));
  @ requires apart: \separated(to + (0 .. n - 1), from + (0 .. n - 1));
  @ assigns to[0 .. n - 1] \from from[0 .. n - 1];
  @ ensures \forall integer i; 0 <= i < n ==> to[i] == \old(from[i]); */
void libc_copy(uint8_t *to, const uint8_t *from, size_t n);

/*@ requires in: \valid_read(in + (0 .. n - 1));
  @ assigns \nothing;
  @ ensures \result == \null ||
  @     \exists integer i; 0 <= i < n && \result == in + i && in[i] == (uint8_t)byte; */
const uint8_t *libc_find(const uint8_t *in, int byte, size_t n);

/*@ requires a: \valid_read(a + (0 .. n - 1));
  @ requires b: \valid_read(b + (0 .. n - 1));
  @ assigns \nothing;
  @ ensures \result == 0 <==> \forall integer i; 0 <= i < n ==> a[i] == b[i]; */
int libc_compare(const uint8_t *a, const uint8_t *b, size_t n);

#undef memchr
#define memcpy libc_copy
#define memchr libc_find
#define memcmp libc_compare

/*@ requires reader: sound_reader(r);
  @ requires size <= 8;
  @ assigns r->left, r->bad;
  @ ensures reader: sound_reader(r);
  @ ensures on: gone_on(r->left, \old(r->left));
  @ ensures all: !r->bad ==> r->left.len == \old(r->left.len) - size; */
static uint64_t take_number(struct reader *r, size_t size);

/*@ requires writer: sound_writer(w);
  @ requires size <= 8;
  @ assigns w->len, w->bad, w->ptr[0 .. w->room - 1];
  @ ensures writer: w->len <= w->room; */
static void put_big_endian(struct writer *w, uint64_t v, size_t size);

/*@ assigns \nothing;
  @ ensures \result == Lower(c); */
static uint8_t lower(uint8_t c);

#include "base/bytes.c"
#include "base/number.c"
