/* SPDX-License-Identifier: MIT */
/* Metrics in the text exposition format of Prometheus, version 0.0.4, as a file that its
 * node exporter or any scraper reads, or in OpenMetrics 1.0, which differs in how a counter's
 * family is called and in how it ends: families one after the other, each with its HELP and
 * TYPE, and all its samples together. Whole numbers, and times in seconds; no floating
 * point. What a family is called and whether it only ever grows is the caller's word. */
#ifndef REPORT_EXPOSITION_H
#define REPORT_EXPOSITION_H

#include "base/bytes.h"
#include "report/histogram.h"

#include <stdio.h>

struct exposition {
    FILE *out;        /* the caller looks for its errors */
    const char *name; /* of the family that is open */
    bool open_metrics;
};

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

/* Begin the next family. help: one line. */
void exposition_family(struct exposition *e, const char *name, enum exposition_type type,
                       const char *help);

/* After the last family. */
void exposition_end(const struct exposition *e);

/* Append name="value" to a list of labels. Whatever bytes the value has: what does not
 * print appears as \xNN (text.h). */
void exposition_label(struct writer *labels, const char *name, const char *value);

/* One sample of the open family; labels may be empty. */
void exposition_number(const struct exposition *e, struct kedge_span labels, uint64_t v);
void exposition_seconds(const struct exposition *e, struct kedge_span labels,
                        kedge_nanos v);

/* All samples of a histogram of times. Its bounds are 2^n - 1 and 3 * 2^n - 1 ns, from 8 us
 * to 17 s: ends of buckets of histogram.h, so that each count is exact. */
void exposition_histogram(const struct exposition *e, struct kedge_span labels,
                          const struct histogram *h);

#endif
