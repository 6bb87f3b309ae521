/* SPDX-License-Identifier: MIT */
/* The last moments of something measured, as a line of small bars: a cell a moment, its
 * height the largest value of it on a logarithmic scale between the least and the largest
 * in sight, and a cross where something failed. Pure; zeroed memory but for the width is
 * an empty one. */
#ifndef REPORT_SPARK_H
#define REPORT_SPARK_H

#include "base/bytes.h"

#define SPARK_CELLS 24

struct spark_cell {
    uint64_t moment; /* which, from 1; 0: none yet */
    kedge_nanos most;
    bool measured, failed;
};

struct spark {
    kedge_nanos width; /* of a moment; at least 1 */
    uint64_t last;     /* moment */
    struct spark_cell cells[SPARK_CELLS];
};

/* Something took so long, or failed, `at` after the start. What is older than the line is
 * ignored. */
void spark_measure(struct spark *s, kedge_nanos at, kedge_nanos took);
void spark_fail(struct spark *s, kedge_nanos at);

/* Append SPARK_CELLS columns: blocks, or characters of ASCII. */
void spark_put(const struct spark *s, struct writer *w, bool unicode);

#endif
