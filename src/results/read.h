/* SPDX-License-Identifier: MIT */
/* A run read again from the lines that lines.h wrote: the counts of each target and
 * its histograms, from which all else follows as from the probe itself. A run that ended
 * before its last lines were written, or in the middle of a line, is counted by its probes, and `whole` is false. */
#ifndef RESULTS_READ_H
#define RESULTS_READ_H

#include "results/run.h"

#include <stdio.h>

struct probe_read_error {
    uint64_t line;  /* from 1; 0: the file as such */
    bool broken;    /* the line is no JSON object */
    char text[200]; /* without a full stop */
};

struct probe_read_target; /* what the views point to */

struct probe_record {
    /* Called for each line of a probe, with times since the start; may be NULL. The
     * caller sets it before probe_read, and the rest to zero. */
    void (*settled)(void *owner, uint32_t target, const struct probe_stats_event *event);
    void *owner;

    struct probe_result result;
    bool begun; /* the first line was there */
    bool whole; /* the last line of each target was there */
    struct probe_read_target **targets;
};

/* Read to the end of `in`. False with *error set. Either way probe_record_free ends it.
 * There are at most PROBE_TARGETS_MAX targets. */
KEDGE_MUST_CHECK bool probe_read(struct probe_record *r, FILE *in,
                                 struct probe_read_error *error);
void probe_record_free(struct probe_record *r);

#endif
