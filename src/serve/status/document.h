/* SPDX-License-Identifier: MIT */
/* The state of a server as one JSON document: what /status and the control socket say. Later
 * fields are added, none changes its meaning (`v` is 1). Names and verdicts stand in it as JSON
 * has them (report/json.h): who shows them escapes them for where they are shown. */
#ifndef SERVE_STATUS_DOCUMENT_H
#define SERVE_STATUS_DOCUMENT_H

#include "serve/status/status.h"

#define STATUS_DOCUMENT (1 << 20) /* always enough */

/* Write it. False: room is too small. */
KEDGE_MUST_CHECK bool status_document(const struct status *s, uint8_t *space, size_t room,
                                      struct kedge_span *out);

#endif
