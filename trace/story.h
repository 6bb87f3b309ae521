/* SPDX-License-Identifier: MIT */
/* What becomes of a call that was seen: a line where lines go, a place among those that the
 * drawing has, and its part of the path through the states of TCP. And at the end, the
 * picture. The lock of the memory is held by the caller. */
#ifndef TRACE_STORY_H
#define TRACE_STORY_H

#include "trace/memory.h"

#include <stdio.h>

/* Take one call. */
void story_tell(struct trace *t, const struct trace_call *c);

/* The state diagram as text, if a TCP socket was seen. */
void story_picture(struct trace *t);

/* The diagram and the calls as a drawing (SVG). 0 or -errno. */
KEDGE_MUST_CHECK int story_draw(const struct trace_memory *m, FILE *out);

#endif
