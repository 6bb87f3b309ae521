/* SPDX-License-Identifier: MIT */
/* The state diagram of TCP as text, with the path that was taken. */
#ifndef TRACE_PICTURE_H
#define TRACE_PICTURE_H

#include "base/bytes.h"
#include "trace/path.h"

#define PICTURE_MOST 16384 /* bytes */

/* [seen], (passed) and other states, the path in heavy lines; beside it those of `count`
 * calls that changed a state. */
void picture_text(struct writer *w, const struct tcp_path *path,
                  const struct trace_call *calls, size_t count);

#endif
