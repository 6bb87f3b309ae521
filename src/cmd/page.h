/* SPDX-License-Identifier: MIT */
/* What `kedge probe` and `kedge report` draw of a run when it is over, for which they count
 * over time: --html, one file, one page (results/html.h), and --plot, text on standard
 * output (results/plot.h). */
#ifndef CMD_PAGE_H
#define CMD_PAGE_H

#include "cmd/output_file.h"
#include "results/html.h"

struct page {
    bool plots;
    struct output_file html; /* its file is open until it is written or dropped */
    struct timeline *times;  /* by a target's number; NULL: nothing is wanted */
};

/* Zeroed memory is no page. file: NULL for none. Says on standard error what does not
 * work, as page_write does. */
KEDGE_MUST_CHECK enum exit_code page_open(struct page *p, const char *verb,
                                          const char *file, bool plots);

/* What became of a probe; origin as its times have it, interval that of the run. */
void page_count(struct page *p, uint32_t target, const struct probe_stats_event *event,
                kedge_nanos origin, kedge_nanos interval);

/* Write the file, if one is wanted. */
KEDGE_MUST_CHECK enum exit_code page_write(struct page *p, const struct probe_result *r);

/* Draw on standard output, if that is wanted. */
void page_plot(const struct page *p, const struct probe_result *r);

/* End it: a file that was not written stays as it was. */
void page_drop(struct page *p);

#endif
