/* SPDX-License-Identifier: MIT */
/* The figures of a server as metrics, for Prometheus and its like. Labels carry words of ours:
 * no file's name, and no address. */
#ifndef SERVE_STATUS_METRICS_H
#define SERVE_STATUS_METRICS_H

#include "serve/status/status.h"

#include <stdio.h>

/* Write all families: in OpenMetrics 1.0, or in the text format 0.0.4 that came before it. */
void status_metrics(const struct status_figures *f, bool open_metrics, FILE *out);

#endif
