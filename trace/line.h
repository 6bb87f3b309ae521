/* SPDX-License-Identifier: MIT */
/* A call on a socket as a line of text for people. It writes into memory, nowhere else. */
#ifndef TRACE_LINE_H
#define TRACE_LINE_H

#include "base/bytes.h"
#include "trace/call.h"

#define LINE_MOST 2048 /* bytes of one call, folded, at most */

/* As printf; what is longer than LINE_MOST is cut. */
__attribute__((format(printf, 2, 3))) void line_add(struct writer *w, const char *format,
                                                    ...);

static inline double line_ms(kedge_nanos t)
{
    return (double)t / (double)KEDGE_MSEC;
}

/* The head of the table; it ends with a newline. */
void line_head(struct writer *w);

/* One call; it ends with a newline. columns: the terminal's, at whose edge the words are
 * folded below each other; 0 folds nothing. */
void line_call(struct writer *w, const struct trace_call *c, unsigned columns);

/* The states of one call, those passed in parentheses. */
void line_states(struct writer *w, const struct trace_call *c);

/* "3", or the name of an error. */
void line_result(struct writer *w, int64_t result);

#endif
