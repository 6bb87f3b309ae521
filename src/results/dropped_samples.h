/* Round trips that a target's histograms do not have, as there was no memory for them:
 * its percentiles are of fewer than were received, and it has to say so. */
#ifndef RESULTS_DROPPED_SAMPLES_H
#define RESULTS_DROPPED_SAMPLES_H

#include "probe/probe.h"

#include <stdio.h>

#define DROPPED_KINDS 7

struct dropped_samples {
    const char *of, *words; /* constant texts */
    uint64_t count;
};

/* Of each histogram that the target has, in a fixed order. How many these are. */
uint32_t dropped_samples_of(const struct probe_view *v,
                            struct dropped_samples out[DROPPED_KINDS]);

/* A line where there are some; else nothing. */
void left_out_note(const struct probe_view *v, FILE *out);

#endif
