/* SPDX-License-Identifier: MIT */
/* --prometheus of `kedge probe`: one file of metrics (results/prometheus.h) that is
 * replaced in one step (file/atomic_file.h), again and again while a run goes on, and once
 * more at its end. */
#ifndef CMD_METRICS_H
#define CMD_METRICS_H

#include "cmd/exit_code.h"
#include "file/error.h"
#include "results/prometheus.h"

struct metrics_file {
    const char *file; /* NULL: none is wanted, and nothing is done */
    kedge_nanos every;
    kedge_nanos next;
    struct store_result last; /* of the last write: a fault was reported */
};

bool metrics_due(const struct metrics_file *m, kedge_nanos now);

/* Write it now. What does not work is said on standard error, once until it works again:
 * a run that never ends outlives a full disk. */
enum exit_code metrics_write(struct metrics_file *m, const struct probe_result *r,
                             bool running, kedge_nanos now);

#endif
