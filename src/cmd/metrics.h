/* SPDX-License-Identifier: MIT */
/* --prometheus of `kedge probe`: one file of metrics (results/prometheus.h) that is replaced
 * whole, by a rename, again and again while a run goes on, and once more at its end. */
#ifndef CMD_METRICS_H
#define CMD_METRICS_H

#include "results/prometheus.h"
#include "cmd/exit_code.h"

struct metrics_file {
    const char *file; /* NULL: none is wanted, and nothing is done */
    kedge_nanos every;
    kedge_nanos next;
    int failed; /* errno of the last write, which was said; 0 */
};

bool metrics_due(const struct metrics_file *m, kedge_nanos now);

/* Write it now. What does not work is said on standard error, once until it works again:
 * a run that never ends outlives a full disk. */
enum exit_code metrics_write(struct metrics_file *m, const struct probe_result *r,
                             bool running, kedge_nanos now);

#endif
