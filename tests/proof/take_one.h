/* SPDX-License-Identifier: MIT */
/* What options_take supposes of take_one, which has a driver of its own: whatever the text,
 * a value is within its bounds where its bit is set. */
#ifndef TAKE_ONE_H
#define TAKE_ONE_H

#include "contracts.h"

/*@ requires name: readable_span(name);
  @ requires value: readable_span(value);
  @ requires out: \valid(out) && sound_options(out);
  @ assigns *out, \result \from *out, name, value, name.ptr[0 .. name.len - 1],
  @     value.ptr[0 .. value.len - 1];
  @ ensures out: sound_options(out);
  @ ensures truth: \result == 0 || \result == 1; */
static bool take_one(struct kedge_span name, struct kedge_span value,
                     struct kedge_tftp_options *out);

#endif
