/* SPDX-License-Identifier: MIT */
/* Reads the document of a server, which may be of a later kedge (fields that are not known are
 * passed over) or of something else altogether. */
#ifndef CMD_TOP_READ_H
#define CMD_TOP_READ_H

#include "cmd/top_state.h"

/* False: it is no such document; *out is then not to be read. Rows beyond those that are shown
 * are left out, texts are cut. */
KEDGE_MUST_CHECK bool top_read(struct kedge_span document, struct top_state *out);

/* Rates since `before`, which is of the same server: of what it has too. */
void top_rates(struct top_state *now, const struct top_state *before);

#endif
