/* SPDX-License-Identifier: MIT */
/* A run as metrics for Prometheus (report/exposition.h), as it is now: counters of what
 * became of the probes, by target and by cause; histograms of round trips, which add up over
 * runs and give quantiles of any stretch of time; and quantiles of the whole run with the
 * bounds between which the true ones lie. figures.h has them.
 *
 * A counter only ever grows: so a probe that was given up and is answered after all stays
 * counted among those that timed out, and is `late` besides. */
#ifndef RESULTS_PROMETHEUS_H
#define RESULTS_PROMETHEUS_H

#include "results/run.h"

#include <stdio.h>

/* running: false once the last probe is settled. The caller looks for errors of `out`. */
void probe_metrics(const struct probe_result *r, bool running, FILE *out);

#endif
