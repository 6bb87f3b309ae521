/* SPDX-License-Identifier: MIT */
/* What src/base promises, in ACSL. The proofs of src/base show it; where a proof of
 * src/tftp or src/echo says `Spec: NAME`, it takes the promise in place of the body. */
#ifndef CONTRACTS_H
#define CONTRACTS_H

#include "base/bytes.h"
#include "base/deadlines.h"
#include "base/number.h"
#include "echo/stamp.h"
#include "tftp/bursts.h"
#include "tftp/options.h"

#include <string.h>

/*@ logic integer Lower(integer c) = 'A' <= c <= 'Z' ? c + ('a' - 'A') : c; */

/*@ predicate readable_span(struct kedge_span s) =
  @     s.len == 0 || \valid_read(s.ptr + (0 .. s.len - 1));
  @ predicate gone_on(struct kedge_span now, struct kedge_span was) =
  @     now.len <= was.len && now.ptr == was.ptr + (was.len - now.len);
  @ predicate sound_reader(struct reader *r) =
  @     \valid(r) && readable_span(r->left);
  @ predicate sound_writer(struct writer *w) =
  @     \valid(w) && w->len <= w->room &&
  @     (w->room == 0 || \valid(w->ptr + (0 .. w->room - 1)) &&
  @                      \separated(w, w->ptr + (0 .. w->room - 1)));
  @ predicate bounded(struct kedge_tftp_options *o) =
  @     o->blksize <= KEDGE_TFTP_BLKSIZE_MAX && o->windowsize <= KEDGE_TFTP_WINDOW_MAX &&
  @     o->rollover <= 1;
  @ predicate sound_options(struct kedge_tftp_options *o) =
  @     bounded(o) &&
  @     ((o->has & 1) != 0 ==> o->blksize >= KEDGE_TFTP_BLKSIZE_MIN) &&
  @     ((o->has & 2) != 0 ==> o->blksize >= KEDGE_TFTP_BLKSIZE_MIN) &&
  @     ((o->has & 32) != 0 ==> o->windowsize >= 1);
  @*/

/*@ requires reader: sound_reader(r);
  @ assigns r->left, r->bad, \result \from r->left, r->bad, n;
  @ ensures reader: sound_reader(r) && (r->bad == 0 || r->bad == 1);
  @ ensures head: readable_span(\result);
  @ ensures on: gone_on(r->left, \old(r->left));
  @ behavior taken:
  @   assumes !r->bad && n <= r->left.len;
  @   ensures \result.len == n && \result.ptr == \old(r->left.ptr);
  @   ensures r->left.len == \old(r->left.len) - n;
  @   ensures n > 0 ==> r->left.ptr == \old(r->left.ptr) + n;
  @   ensures !r->bad;
  @ behavior short:
  @   assumes r->bad || n > r->left.len;
  @   ensures \result.len == 0 && r->bad && r->left == \old(r->left);
  @ complete behaviors; disjoint behaviors; */
struct kedge_span take(struct reader *r, size_t n);

/*@ requires reader: sound_reader(r);
  @ assigns r->left, r->bad, \result \from r->left, r->bad, r->left.ptr[0 .. 0];
  @ ensures reader: sound_reader(r);
  @ ensures on: gone_on(r->left, \old(r->left)); */
uint8_t take_u8(struct reader *r);

/*@ requires reader: sound_reader(r);
  @ assigns r->left, r->bad, \result \from r->left, r->bad, r->left.ptr[0 .. 1];
  @ ensures reader: sound_reader(r);
  @ ensures on: gone_on(r->left, \old(r->left));
  @ ensures two: !r->bad ==> r->left.len == \old(r->left.len) - 2;
  @ ensures two: !r->bad ==> r->left.ptr == \old(r->left.ptr) + 2; */
uint16_t take_u16(struct reader *r);

/*@ requires reader: sound_reader(r);
  @ assigns r->left, r->bad, \result \from r->left, r->bad, r->left.ptr[0 .. 3];
  @ ensures reader: sound_reader(r);
  @ ensures on: gone_on(r->left, \old(r->left)); */
uint32_t take_u32(struct reader *r);

/*@ requires reader: sound_reader(r);
  @ assigns r->left, r->bad, \result \from r->left, r->bad, r->left.ptr[0 .. 7];
  @ ensures reader: sound_reader(r);
  @ ensures on: gone_on(r->left, \old(r->left)); */
uint64_t take_u64(struct reader *r);

/*@ requires reader: sound_reader(r);
  @ assigns r->left, r->bad, \result \from r->left, r->bad, r->left.ptr[0 .. r->left.len - 1];
  @ ensures reader: sound_reader(r);
  @ ensures on: gone_on(r->left, \old(r->left));
  @ ensures text: readable_span(\result);
  @ ensures text: \result.len == 0 ||
  @     \result.ptr == \old(r->left.ptr) && \result.len <= \old(r->left.len);
  @ ensures sticks: \old(r->bad) ==> r->bad;
  @ ensures whole: !r->bad ==> \result.ptr == \old(r->left.ptr) &&
  @     r->left.len == \old(r->left.len) - \result.len - 1; */
struct kedge_span take_string(struct reader *r);

/*@ requires writer: sound_writer(w);
  @ requires bytes: readable_span(bytes);
  @ requires apart: bytes.len == 0 || w->room == 0 ||
  @     \separated(bytes.ptr + (0 .. bytes.len - 1), w->ptr + (0 .. w->room - 1));
  @ assigns w->len, w->bad \from w->len, w->room, w->bad, bytes.len;
  @ assigns w->ptr[0 .. w->room - 1]
  @     \from w->len, w->room, w->bad, bytes.len, bytes.ptr[0 .. bytes.len - 1];
  @ ensures writer: w->len <= w->room && (w->bad == 0 || w->bad == 1);
  @ behavior fits:
  @   assumes !w->bad && bytes.len <= w->room - w->len;
  @   ensures w->len == \old(w->len) + bytes.len && !w->bad;
  @   ensures \forall integer i; 0 <= i < bytes.len ==>
  @     w->ptr[\old(w->len) + i] == \old(bytes.ptr[i]);
  @   ensures \forall integer i; 0 <= i < \old(w->len) ==> w->ptr[i] == \old(w->ptr[i]);
  @ behavior short:
  @   assumes w->bad || bytes.len > w->room - w->len;
  @   assigns w->bad \from w->bad;
  @   ensures w->len == \old(w->len) && w->bad;
  @ complete behaviors; disjoint behaviors; */
void put(struct writer *w, struct kedge_span bytes);

/*@ requires writer: sound_writer(w);
  @ assigns w->len, w->bad, w->ptr[0 .. w->room - 1]
  @     \from w->len, w->room, w->bad, v;
  @ ensures writer: w->len <= w->room && (w->bad == 0 || w->bad == 1); */
void put_u8(struct writer *w, uint8_t v);

/*@ requires writer: sound_writer(w);
  @ assigns w->len, w->bad, w->ptr[0 .. w->room - 1]
  @     \from w->len, w->room, w->bad, v;
  @ ensures writer: w->len <= w->room && (w->bad == 0 || w->bad == 1); */
void put_u16(struct writer *w, uint16_t v);

/*@ requires writer: sound_writer(w);
  @ assigns w->len, w->bad, w->ptr[0 .. w->room - 1]
  @     \from w->len, w->room, w->bad, v;
  @ ensures writer: w->len <= w->room && (w->bad == 0 || w->bad == 1); */
void put_u32(struct writer *w, uint32_t v);

/*@ requires writer: sound_writer(w);
  @ assigns w->len, w->bad, w->ptr[0 .. w->room - 1]
  @     \from w->len, w->room, w->bad, v;
  @ ensures writer: w->len <= w->room && (w->bad == 0 || w->bad == 1); */
void put_u64(struct writer *w, uint64_t v);

/*@ requires writer: sound_writer(w);
  @ requires bytes: readable_span(bytes);
  @ requires apart: bytes.len == 0 || w->room == 0 ||
  @     \separated(bytes.ptr + (0 .. bytes.len - 1), w->ptr + (0 .. w->room - 1));
  @ assigns w->len, w->bad \from w->len, w->room, w->bad, bytes.len;
  @ assigns w->ptr[0 .. w->room - 1]
  @     \from w->len, w->room, w->bad, bytes.len, bytes.ptr[0 .. bytes.len - 1];
  @ ensures writer: w->len <= w->room && (w->bad == 0 || w->bad == 1); */
void put_string(struct writer *w, struct kedge_span bytes);

/*@ requires writer: \valid_read(w);
  @ assigns \result \from w->ptr, w->len;
  @ ensures \result.ptr == w->ptr && \result.len == w->len; */
struct kedge_span written(const struct writer *w);

/*@ requires a: readable_span(a);
  @ requires b: readable_span(b);
  @ assigns \result \from a.ptr[0 .. a.len - 1], b.ptr[0 .. b.len - 1], a.len, b.len;
  @ ensures truth: \result == 0 || \result == 1;
  @ ensures equal: \result <==> a.len == b.len &&
  @     \forall integer i; 0 <= i < a.len ==> a.ptr[i] == b.ptr[i]; */
bool span_equal(struct kedge_span a, struct kedge_span b);

/*@ requires span: readable_span(a);
  @ requires text: valid_read_string(text);
  @ assigns \result \from a.ptr[0 .. a.len - 1], text[0 ..];
  @ ensures truth: \result == 0 || \result == 1;
  @ ensures equal: \result <==> strlen(text) == a.len &&
  @     \forall integer i; 0 <= i < a.len ==> Lower(a.ptr[i]) == Lower((uint8_t)text[i]); */
bool span_equal_nocase(struct kedge_span a, const char *text);

/*@ requires text: readable_span(text);
  @ requires out: \valid(out);
  @ assigns *out, \result \from text.ptr[0 .. text.len - 1], max;
  @ ensures truth: \result == 0 || \result == 1;
  @ ensures number: \result ==> \initialized(out) && *out <= max;
  @ ensures as_it_was: !\result ==> *out == \old(*out); */
bool decimal(struct kedge_span text, uint64_t max, uint64_t *out);

/*@ assigns \nothing;
  @ ensures \result == (a < b ? a : b); */
uint64_t min_u64(uint64_t a, uint64_t b);

/*@ assigns \nothing;
  @ ensures \result == (a > b ? a : b); */
uint64_t max_u64(uint64_t a, uint64_t b);

/*@ assigns \nothing;
  @ ensures low <= high && low <= v && v <= high ==> \result == v;
  @ ensures \result >= low;
  @ ensures low <= high ==> \result <= high; */
uint64_t clamp_u64(uint64_t v, uint64_t low, uint64_t high);

/*@ assigns \nothing;
  @ ensures a + b <= UINT64_MAX ==> \result == a + b;
  @ ensures a + b > UINT64_MAX ==> \result == UINT64_MAX; */
uint64_t add_sat(uint64_t a, uint64_t b);

/*@ assigns \nothing;
  @ ensures \result == (a < b ? 0 : a - b); */
uint64_t sub_sat(uint64_t a, uint64_t b);

/*@ assigns \nothing; */
uint64_t mul_div(uint64_t v, uint64_t by, uint64_t over);

/*@ requires reader: sound_reader(r);
  @ requires out: \valid(out) && sound_options(out);
  @ requires apart: \separated(r, out);
  @ assigns r->left \from r->left, (indirect: r->left.ptr[0 .. r->left.len - 1]);
  @ assigns r->bad, *out, \result
  @     \from r->left.len, r->left.ptr[0 .. r->left.len - 1], r->bad, *out;
  @ ensures reader: sound_reader(r);
  @ ensures out: sound_options(out);
  @ ensures truth: \result == 0 || \result == 1; */
bool options_take(struct reader *r, struct kedge_tftp_options *out);

/*@ requires writer: sound_writer(w);
  @ requires options: \valid_read(options);
  @ assigns w->len, w->bad, w->ptr[0 .. w->room - 1]
  @     \from w->len, w->room, w->bad, *options;
  @ ensures writer: w->len <= w->room && (w->bad == 0 || w->bad == 1); */
void options_put(struct writer *w, const struct kedge_tftp_options *options);

/*@ requires datagram: readable_span(datagram);
  @ requires out: \valid(out);
  @ assigns *out \from datagram, datagram.ptr[0 .. datagram.len - 1];
  @ assigns \result \from datagram.len, datagram.ptr[0 .. datagram.len - 1];
  @ ensures truth: \result == 0 || \result == 1;
  @ ensures packet: \result ==> 3 <= out->op <= 6;
  @ ensures body: \result ==> readable_span(out->body);
  @ ensures within: \result ==> out->body.len <= datagram.len; */
bool kedge_tftp_parse(struct kedge_span datagram, struct kedge_tftp_packet *out);

/*@ requires datagram: readable_span(datagram);
  @ requires out: \valid(out);
  @ assigns *out \from datagram.len, datagram.ptr[0 .. datagram.len - 1];
  @ assigns out->name.ptr \from datagram.ptr;
  @ assigns \result \from datagram.len, datagram.ptr[0 .. datagram.len - 1];
  @ ensures \result == 0 || \result == 1;
  @ ensures options: \result ==> bounded(&out->options);
  @ ensures long_enough: \result ==> datagram.len >= 4;
  @ ensures name: \result ==> out->name.ptr == datagram.ptr + 2;
  @ ensures name_ends: \result ==> out->name.len <= datagram.len - 4;
  @ ensures request: \result ==> 1 <= out->op <= 2 && 0 <= out->mode <= 2; */
bool kedge_tftp_parse_request(struct kedge_span datagram, struct kedge_tftp_request *out);

/*@ requires sender: \valid(s);
  @ requires packet: \valid_read(in);
  @ assigns *s \from *s, in->op, in->number, now; */
void kedge_tftp_sender_read(struct kedge_tftp_sender *s,
                            const struct kedge_tftp_packet *in, kedge_nanos now);

/*@ requires sender: \valid(s);
  @ assigns *s \from *s, now; */
void kedge_tftp_sender_again(struct kedge_tftp_sender *s, kedge_nanos now);

/*@ requires receiver: \valid(r);
  @ assigns *r \from *r, now; */
void kedge_tftp_receiver_again(struct kedge_tftp_receiver *r, kedge_nanos now);

/*@ requires machine: \valid(m);
  @ requires packet: \valid_read(in);
  @ requires store: \valid(store);
  @ assigns m->sender \from *m, in->op, in->number, in->body.len, now;
  @ assigns *store \from in->body, m->sends; */
void kedge_tftp_machine_read(struct kedge_tftp_machine *m,
                             const struct kedge_tftp_packet *in, kedge_nanos now,
                             struct kedge_span *store);

/*@ requires room: room == 0 || \valid(buf + (0 .. room - 1));
  @ requires text: valid_read_string(text);
  @ assigns buf[0 .. room - 1] \from room, code, text[0 ..];
  @ assigns \result \from room, text[0 ..];
  @ ensures within: \result <= room; */
size_t kedge_tftp_write_error(uint8_t *buf, size_t room, uint16_t code, const char *text);

/*@ requires bytes: readable_span(bytes);
  @ assigns \result \from key, bytes.len, bytes.ptr[0 .. bytes.len - 1]; */
uint64_t hash_bytes(uint64_t key, struct kedge_span bytes);

/*@ requires payload: readable_span(payload);
  @ requires out: \valid(out);
  @ assigns *out, \result \from payload.len, payload.ptr[0 .. payload.len - 1];
  @ ensures truth: \result == 0 || \result == 1;
  @ ensures known: \result ==> \initialized(out); */
bool stamp_parse(struct kedge_span payload, struct stamp *out);

/*@ requires sender: \valid(s) && s->bursts <= KEDGE_TFTP_BURSTS;
  @ assigns s->bursts, s->burst[0 .. KEDGE_TFTP_BURSTS - 1] \from *s, b;
  @ ensures bursts: s->bursts <= KEDGE_TFTP_BURSTS; */
void bursts_add(struct kedge_tftp_sender *s, struct kedge_tftp_burst b);

/*@ requires key: \valid_read(key + (0 .. 15));
  @ requires bytes: readable_span(bytes);
  @ assigns \result \from key[0 .. 15], bytes.len, bytes.ptr[0 .. bytes.len - 1]; */
uint64_t siphash(const uint8_t key[16], struct kedge_span bytes);

/*@ requires bytes: readable_span(bytes);
  @ assigns \result \from bytes.len, bytes.ptr[0 .. bytes.len - 1]; */
uint16_t icmp_checksum(struct kedge_span bytes);

/* What is in the heap is its own affair: from empty on only its functions write there. */
/*@ requires deadlines: \valid(d) && slot < d->room;
  @ assigns d->count, d->heap[0 .. d->room - 1], d->place[0 .. d->room - 1]
  @     \from d->count, d->heap[0 .. d->room - 1], d->place[0 .. d->room - 1], slot, at; */
void deadlines_set(struct deadlines *d, uint32_t slot, kedge_nanos at);

/*@ requires deadlines: \valid(d) && \valid(slot);
  @ assigns d->count, d->heap[0 .. d->room - 1], d->place[0 .. d->room - 1], *slot, \result
  @     \from d->count, d->heap[0 .. d->room - 1], d->place[0 .. d->room - 1], now;
  @ ensures truth: \result == 0 || \result == 1;
  @ ensures place: \result ==> \initialized(slot) && *slot < d->room; */
bool deadlines_pop(struct deadlines *d, kedge_nanos now, uint32_t *slot);

/*@ requires deadlines: \valid_read(d);
  @ assigns \result \from d->count, d->heap[0 .. d->room - 1]; */
kedge_nanos deadlines_next(const struct deadlines *d);

#endif
