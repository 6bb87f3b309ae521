/* The log of a running server: lines on a descriptor, usually standard error, that never
 * make the caller wait. Lines go to a bounded ring; a thread of the log's own writes
 * them. When the reader of the descriptor is slower, new lines are dropped and counted,
 * and the count is said as soon as there is room ("12 log lines dropped"). Any number of
 * threads may use one log. A NULL log is silent: rooms need not ask.
 *
 * Each line is either `time=... level=info message="..."` or a JSON object with those
 * keys; a transfer's record (record.h) is a line of its own kind in the same form. */
#ifndef REPORT_LOG_H
#define REPORT_LOG_H

#include "report/record.h"

struct log; /* owns a thread and its ring */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_options {
    int fd; /* borrowed; its blocking mode is left alone */
    enum record_form form;
    enum log_level level;      /* nothing below it is written */
    size_t room;               /* bytes of the ring; 0: 1 MiB */
    uint64_t (*wall_ms)(void); /* NULL: the system's clock */
};

/* Returns 0 and *out, or -errno. log_close ends it. */
KEDGE_MUST_CHECK int log_open(struct log **out, const struct log_options *options);

/* Give the thread at most `patience` to write what is left, then end it. */
void log_close(struct log *log, kedge_nanos patience);

/* A sentence without a newline; a peer's bytes go in by text_shown only. Longer than
 * 1 KiB is cut. */
void log_error(struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_warn(struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_info(struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_debug(struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* At level info. */
void log_record(struct log *log, const struct transfer_record *record);

/* Lines dropped so far, said or not. */
uint64_t log_dropped(struct log *log);

#endif
