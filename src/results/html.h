/* SPDX-License-Identifier: MIT */
/* A run as one page of HTML that needs nothing else, no network and no server: its
 * document of JSON (table.h), with each target's histogram and what became of its
 * probes over time, is in the page, and the page draws itself from it. */
#ifndef RESULTS_HTML_H
#define RESULTS_HTML_H

#include "results/run.h"
#include "report/timeline.h"

#include <stdio.h>

/* Count what became of a probe; origin: the start, on the clock of the event. */
void probe_timeline(struct timeline *t, const struct probe_stats_event *event,
                    kedge_nanos origin);

/* times: by the number of a target. False: no memory. The caller looks for errors of `out`. */
KEDGE_MUST_CHECK bool probe_page(const struct probe_result *r,
                                 const struct timeline *times, FILE *out);

#endif
