/* What needs a word below the table of a probe: a line a fact, the target in front. */
#ifndef RESULTS_NOTES_H
#define RESULTS_NOTES_H

#include "probe/probe.h"

#include <stdio.h>

void probe_notes(const struct probe_view *v, FILE *out);

#endif
