/* The same as a drawing that stands alone: SVG, light or dark as its reader's screen. */
#ifndef REPORT_TCP_SVG_H
#define REPORT_TCP_SVG_H

#include "report/tcp_way.h"

#include <stdio.h>

/* The diagram, and below it a line for each of `count` calls; `more` were not kept. */
void tcp_svg(FILE *out, const struct way *way, const struct kedge_call *calls,
             size_t count, uint64_t more);

#endif
