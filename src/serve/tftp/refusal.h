/* SPDX-License-Identifier: MIT */
/* The ERROR for a failure of a file. It does not say when one is sent. */
#ifndef SERVE_TFTP_REFUSAL_H
#define SERVE_TFTP_REFUSAL_H

#include "file/error.h"
#include "kedge/tftp.h"

/* Its code; -1: say nothing, for what is asked for may be had in a moment (of an upload that
 * has begun: UNDEFINED). */
int refusal_code(enum kedge_tftp_op op, enum store_error error);

/* Its words, which name nothing of the server. */
const char *refusal_text(int code);

/* Those of a request, in at most so many bytes; "" where none fit. */
const char *refusal_words(enum kedge_tftp_op op, enum store_error error, size_t room);

#endif
