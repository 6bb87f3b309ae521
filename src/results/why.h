/* SPDX-License-Identifier: MIT */
/* Causes (probe/cause.h) in words: one sentence each, without a full stop. */
#ifndef RESULTS_WHY_H
#define RESULTS_WHY_H

#include "probe/probe.h"

/* A constant text, or the system's word for an errno. NULL of CAUSE_NONE. */
const char *why_of(const struct probe_cause *c);

/* Why its last probe failed; NULL: none did. */
const char *probe_error_of(const struct probe_view *v);

/* An errno in the words of a probe. */
const char *why_of_code(int code);

/* "ENDPOINT: why": why a target was not added. */
struct why_text {
    char text[256];
};
struct why_text why_refused(const struct kedge_endpoint *e,
                            const struct probe_refusal *why);

#endif
