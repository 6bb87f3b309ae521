/* SPDX-License-Identifier: MIT */
/* A run as lines of JSON, written as it goes: first what run it is, then a line a probe
 * as soon as it is known what became of it, at the end a line a target with all counts.
 * figures.h says what each key means; read.h reads it again. */
#ifndef RESULTS_LINES_H
#define RESULTS_LINES_H

#include "results/run.h"

#include <stdio.h>

struct probe_lines {
    FILE *out; /* the caller's */
    const struct probe *probe;
    kedge_nanos origin; /* times are from here on */
};

/* origin: clock_now() at about->started. The first line leaves. */
void probe_lines_start(struct probe_lines *l, const struct probe_about *about);
void probe_lines_probe(const struct probe_lines *l, uint32_t target,
                       const struct probe_stats_event *event);

/* What is still open, and the counts. */
void probe_lines_end(const struct probe_lines *l, const struct probe_result *r);

/* received, late, lost, refused, unsent. */
const char *probe_fate_name(enum probe_fate fate);

#endif
