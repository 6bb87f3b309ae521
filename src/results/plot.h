/* SPDX-License-Identifier: MIT */
/* A run drawn in text, target by target: the distribution of round trips, and these and the
 * losses over time (report/plot.h). */
#ifndef RESULTS_PLOT_H
#define RESULTS_PLOT_H

#include "results/run.h"
#include "report/plot.h"

/* times: by the number of a target. The caller looks for errors of p->out. */
void probe_plot(const struct probe_result *r, const struct timeline *times,
                const struct plot *p);

#endif
