/* SPDX-License-Identifier: MIT */
/* Block numbers: the wire's are as the protocol has them, and of the blocks that may be
 * meant the first with the number on the wire is found, or there is none. */
/* Functions: kedge_tftp_wire, kedge_tftp_unwrap */
#include "contracts.h"

/*@ logic integer Wire(integer block, integer rollover) =
  @     rollover == 0 ? block % 65536 : block == 0 ? 0 : (block - 1) % 65535 + 1; */

/*@ assigns \nothing;
  @ ensures \result == Wire(block, rollover); */
uint16_t kedge_tftp_wire(uint64_t block, uint32_t rollover);

/*@ requires block: \valid(block);
  @ requires ends: first + count <= UINT64_MAX;
  @ assigns *block;
  @ ensures found: \result ==> first <= *block < first + count;
  @ ensures number: \result ==> Wire(*block, rollover) == wire;
  @ ensures first: \result ==>
  @     \forall integer b; first <= b < *block ==> Wire(b, rollover) != wire;
  @ ensures none: !\result ==>
  @     \forall integer b; first <= b < first + count ==> Wire(b, rollover) != wire;
  @ ensures as_it_was: !\result ==> *block == \old(*block); */
bool kedge_tftp_unwrap(uint64_t first, uint64_t count, uint16_t wire, uint32_t rollover,
                       uint64_t *block);

#include "tftp/block.c"
