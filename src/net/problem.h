/* SPDX-License-Identifier: MIT */
/* The one-line errors of public calls. */
#ifndef NET_PROBLEM_H
#define NET_PROBLEM_H

#include "kedge/endpoint.h"

/* Append text to a line, control bytes and bytes past ASCII as \xNN, at most `most`
 * bytes of it; what does not fit is cut. */
void problem_append(struct kedge_error *e, struct kedge_span text, size_t most);

/* "WHAT: WHY", WHAT cut to a readable length. e may be NULL. */
void problem_set(struct kedge_error *e, enum kedge_cause cause, const char *what,
                 const char *why);

/* "WHAT: WHY: the system's word for code". */
void problem_system(struct kedge_error *e, int code, const char *what, const char *why);

#endif
