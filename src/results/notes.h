/* SPDX-License-Identifier: MIT */
/* What needs a sentence below the table of a probe: a line a fact, the target in front. */
#ifndef RESULTS_NOTES_H
#define RESULTS_NOTES_H

#include "probe/probe.h"

#include <stdio.h>

/* Those of one target. */
void probe_notes(const struct probe_view *v, FILE *out);

/* Those of the whole run, which every target knows: v is any one. */
void probe_run_notes(const struct probe_view *v, FILE *out);

#endif
