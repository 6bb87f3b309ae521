/* SPDX-License-Identifier: MIT */
/* What kedge_tftp_parse_request supposes of mode_of. */
#ifndef MODE_OF_H
#define MODE_OF_H

#include "contracts.h"

/*@ requires text: readable_span(text);
  @ assigns \result \from text.len, text.ptr[0 .. text.len - 1];
  @ ensures mode: 0 <= \result <= 2; */
static enum kedge_tftp_mode mode_of(struct kedge_span text);

#endif
