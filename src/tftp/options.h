/* SPDX-License-Identifier: MIT */
/* Options as text, between requests, OACKs and struct kedge_tftp_options. */
#ifndef TFTP_OPTIONS_H
#define TFTP_OPTIONS_H

#include "base/bytes.h"
#include "kedge/tftp.h"

/* Read name and value pairs to the end, to an empty name (padding), or to an unfinished
 * string. Unknown names and bad values are passed over, and seen in the result: it is
 * false if there was one. */
bool options_take(struct reader *r, struct kedge_tftp_options *out);

void options_put(struct writer *w, const struct kedge_tftp_options *options);

/* For people and records: "blksize=1468,windowsize=4". */
void options_list(struct writer *w, const struct kedge_tftp_options *options);

#endif
