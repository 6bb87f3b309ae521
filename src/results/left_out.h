/* SPDX-License-Identifier: MIT */
/* Samples that the histograms of a target do not have, as there was no memory for them: its
 * percentiles are of fewer than were received, and that has to be said. */
#ifndef RESULTS_LEFT_OUT_H
#define RESULTS_LEFT_OUT_H

#include "probe/probe.h"

#include <stdio.h>

/* A note (table_note) where there are some; else nothing. */
void left_out_note(const struct probe_view *v, size_t columns, FILE *out);

#endif
