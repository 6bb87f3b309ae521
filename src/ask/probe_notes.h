/* What needs a word below the table of a probe: a line a fact, the target in front. */
#ifndef ASK_PROBE_NOTES_H
#define ASK_PROBE_NOTES_H

#include "ask/probe.h"

#include <stdio.h>

void probe_notes(const struct probe_view *v, FILE *out);

/* An errno in the words of a probe. */
const char *probe_why(int code);

#endif
