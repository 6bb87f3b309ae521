/* SPDX-License-Identifier: MIT */
/* What needs a sentence below the table of a probe: a line a fact, each indented by two. */
#ifndef RESULTS_NOTES_H
#define RESULTS_NOTES_H

#include "probe/probe.h"

#include <stdio.h>

struct note_look {
    bool verbose; /* parts of round trips too, and whose clock they are by */
    /* Lines are no longer, as far as their words let them; 0: any length. */
    size_t columns;
};

/* Those of one target. */
void probe_notes(const struct probe_view *v, const struct note_look *look, FILE *out);

/* Those of the whole run, not indented. Every target knows them: v is any one. */
void probe_run_notes(const struct probe_view *v, const struct note_look *look, FILE *out);

#endif
