/* One line of a run: an object with the keys that docs/probe.md names. Others are left
 * alone, as later versions may have more. */
#ifndef RESULTS_READ_LINE_H
#define RESULTS_READ_LINE_H

#include "results/read.h"

struct probe_read_target {
    struct kedge_endpoint endpoint;
    struct probe_stats stats;
    bool counted; /* its last line was there, and has the counts */
    bool connected;
    uint64_t connects, failed_connects;
    kedge_nanos connect_min, connect_max;
    char error[ABOUT_TEXT];
    char *text;  /* of its last line, without what is not in a document; or NULL */
    bool caused; /* the next ones are known: see probe_cause.h */
    struct stalls stalls;
    struct own_lateness lateness;
    int64_t own_dropped;
};

/* Take a line in. False with error->text set. */
KEDGE_MUST_CHECK bool probe_read_line(struct probe_record *r, struct kedge_span line,
                                      struct probe_read_error *error);

#endif
