/* SPDX-License-Identifier: MIT */
/* A whole run, as it is shown, written and compared: what a probe has counted, or what was
 * read again from a file. */
#ifndef RESULTS_RUN_H
#define RESULTS_RUN_H

#include "probe/probe.h"
#include "probe/calibrate.h"

#define ABOUT_TEXT 66

/* Which run it is. A text that is not known is empty. */
struct probe_about {
    char started[ABOUT_TEXT]; /* RFC 3339, UTC */
    char name[ABOUT_TEXT], system[ABOUT_TEXT], release[ABOUT_TEXT], machine[ABOUT_TEXT];
    char kedge[ABOUT_TEXT]; /* the program's version */
    uint64_t count;         /* as in struct probe_plan, and so on */
    kedge_nanos duration;   /* KEDGE_NEVER: as count says */
    kedge_nanos interval, timeout;
    uint64_t size;
    bool poisson;
    struct calibration calibration;
};

struct probe_result {
    struct probe_about about;
    struct probe_view *views; /* of memory to free; what they point to is borrowed */
    uint32_t count;
};

/* started_ms: wall clock, since 1970 UTC. version: the program's. */
struct probe_about probe_about_of(const struct probe *p, const char *version,
                                  uint64_t started_ms);

/* The counts as they are now, and as they go on to be. False: no memory. */
KEDGE_MUST_CHECK bool probe_result_of(struct probe_result *out, const struct probe *p,
                                      const struct probe_about *about);
void probe_result_free(struct probe_result *r);

#endif
