/* SPDX-License-Identifier: MIT */
/* The state diagram of TCP as a drawing that stands alone: SVG, light or dark as its
 * reader's screen. */
#ifndef TRACE_SVG_H
#define TRACE_SVG_H

#include "trace/path.h"

#include <stdio.h>

/* The diagram, and below it a line for each of `count` calls; `more` were not kept. */
void svg_write(FILE *out, const struct tcp_path *path, const struct trace_call *calls,
               size_t count, uint64_t more);

#endif
