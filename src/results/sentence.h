/* SPDX-License-Identifier: MIT */
/* Sentences with figures in them:
 *
 *   {key}            the figure of that key (figures.h): a count, a time in ms, or a text
 *   {key?}           the same, "-" where it is not known
 *   {key:one:many}   a count and what it counts: "1 reply", "2 replies"
 *   [ ... ]          only where each figure within is known, and none is 0
 *
 * A text is shown as text_printable() shows it, whatever it has. */
#ifndef RESULTS_SENTENCE_H
#define RESULTS_SENTENCE_H

#include "base/bytes.h"
#include "probe/probe.h"

/* Append it. False where a figure outside of brackets is not known: then it is no sentence,
 * and the writer is as it was. A key that is none is a fault of the caller's. */
KEDGE_MUST_CHECK bool sentence_put(struct writer *w, const char *sentence,
                                   const struct probe_view *v);

#endif
