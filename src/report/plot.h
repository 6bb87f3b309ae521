/* SPDX-License-Identifier: MIT */
/* Drawings in text: how durations are distributed, and how they and what failed went over
 * time. Blocks and braille where the terminal has them, ASCII where not. Times are in ms on
 * a logarithmic scale; bars are as high as their share. Each drawing is whole lines of at
 * most `width` columns, and ends with one. */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include "report/histogram.h"
#include "report/timeline.h"

#include <stdio.h>

#define PLOT_WIDTH_LEAST 40
#define PLOT_WIDTH_MOST 240

struct plot {
    FILE *out;
    bool unicode;
    uint32_t width; /* taken as one of the two above where it is beyond them */
};

/* How many took how long, with the percentiles that are known marked below. Nothing of an
 * empty histogram. */
void plot_distribution(const struct plot *p, const struct histogram *h);

/* From the least to the largest of each moment; below it a row for each kind but the first
 * of which there was any: which share of that moment's it was. kinds: TIMELINE_KINDS names
 * of at most 8 characters. Nothing of an empty one. */
void plot_timeline(const struct plot *p, const struct timeline *t,
                   const char *const kinds[]);

#endif
