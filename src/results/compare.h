/* SPDX-License-Identifier: MIT */
/* Two runs side by side: what became of each figure of each target, and how sure that is
 * (report/interval.h). */
#ifndef RESULTS_COMPARE_H
#define RESULTS_COMPARE_H

#include "results/run.h"

#include <stdio.h>

/* The target of run `in` that is target `number` of run `of`: the one of the same
 * endpoint, by order where there are several; or, where both runs have a single one, that
 * one. NULL if there is none. */
const struct probe_view *probe_counterpart(const struct probe_result *in,
                                           const struct probe_result *of,
                                           uint32_t number);

/* A row a figure. False: no memory. */
KEDGE_MUST_CHECK bool probe_compare(const struct probe_result *before,
                                    const struct probe_result *after, FILE *out);

#endif
