/* SPDX-License-Identifier: MIT */
/* One line of a run: an object with the keys that figures.h names. Others are left
 * alone, as later versions may have more. */
#ifndef RESULTS_READ_LINE_H
#define RESULTS_READ_LINE_H

#include "results/read.h"

struct probe_read_target {
    struct kedge_endpoint endpoint;
    struct probe_stats stats;
    void *
        record; /* an object of jansson: its last line, without what is not in a document;
                     NULL: there was none, and it is counted by its probes */
};

/* Take a line in. False with error->text set. */
KEDGE_MUST_CHECK bool probe_read_line(struct probe_record *r, struct kedge_span line,
                                      struct probe_read_error *error);

#endif
