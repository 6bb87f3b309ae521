/* SPDX-License-Identifier: MIT */
/* netascii of any length, into any room. */
/* Functions: kedge_netascii_encode, kedge_netascii_decode, kedge_netascii_finish */
#include "contracts.h"

/*@ requires state: \valid(n) && \valid(used);
  @ requires in: readable_span(in);
  @ requires out: room == 0 || \valid(out + (0 .. room - 1));
  @ requires apart: \separated(n, used, in.ptr + (0 .. in.len - 1), out + (0 .. room - 1));
  @ assigns *n, *used, out[0 .. room - 1];
  @ ensures within: \result <= room && *used <= in.len; */
size_t kedge_netascii_encode(struct kedge_netascii *n, struct kedge_span in, uint8_t *out,
                             size_t room, size_t *used);

/*@ requires state: \valid(n) && \valid(used);
  @ requires in: readable_span(in);
  @ requires out: room == 0 || \valid(out + (0 .. room - 1));
  @ requires apart: \separated(n, used, in.ptr + (0 .. in.len - 1), out + (0 .. room - 1));
  @ assigns *n, *used, out[0 .. room - 1];
  @ ensures within: \result <= room && *used <= in.len; */
size_t kedge_netascii_decode(struct kedge_netascii *n, struct kedge_span in, uint8_t *out,
                             size_t room, size_t *used);

/*@ requires state: \valid(n);
  @ requires out: room == 0 || \valid(out + (0 .. room - 1));
  @ requires apart: \separated(n, out + (0 .. room - 1));
  @ assigns *n, out[0 .. room - 1];
  @ ensures within: \result <= room; */
size_t kedge_netascii_finish(struct kedge_netascii *n, uint8_t *out, size_t room);

#include "tftp/netascii.c"
