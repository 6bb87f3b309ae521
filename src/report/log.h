/* SPDX-License-Identifier: MIT */
/* The log of a running server: a line for each transfer (record.h) on a descriptor, usually
 * standard error, that never makes the caller wait. Lines go to a bounded ring; a thread of
 * the log's own writes them. When the reader of the descriptor is slower, new lines are
 * dropped and counted, and the count is said as soon as there is room, in a line of its own:
 * `time=... level=warn message="12 log lines dropped"`, or a JSON object with those keys.
 * Any number of threads may use one log. A NULL log is silent: rooms need not ask. */
#ifndef REPORT_LOG_H
#define REPORT_LOG_H

#include "report/record.h"

struct log; /* owns a thread and its ring */

struct log_options {
    int fd; /* borrowed; its blocking mode is left alone */
    enum record_form form;
    size_t room;               /* bytes of the ring; 0: 1 MiB */
    uint64_t (*wall_ms)(void); /* NULL: the system's clock */
};

/* Returns 0 and *out, or -errno. log_close ends it. */
KEDGE_MUST_CHECK int log_open(struct log **out, const struct log_options *options);

/* Give the thread at most `patience` to write what is left, then end it. */
void log_close(struct log *log, kedge_nanos patience);

void log_record(struct log *log, const struct transfer_record *record);

#endif
