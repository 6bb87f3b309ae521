/* SPDX-License-Identifier: MIT */
/* Where the log's thread writes: a descriptor of any kind that never holds the thread for
 * good. A pipe or a terminal whose reader sleeps is waited for by poll(), and that wait
 * ends when the log gives up. */
#ifndef REPORT_LOG_OUTPUT_H
#define REPORT_LOG_OUTPUT_H

#include "kedge/base.h"

#include <sys/types.h>

struct log_output {
    int fd;        /* what was given, or the same thing opened anew */
    int giving_up; /* an eventfd */
    bool own;      /* opened anew: non-blocking, and closed at the end */
    bool is_socket;
    bool is_file; /* it has no reader to wait for, and takes any number of bytes */
};

/* fd is borrowed, its blocking mode left alone. 0 or -errno. */
KEDGE_MUST_CHECK int log_output_open(struct log_output *out, int fd);
void log_output_close(struct log_output *out);

/* Wait for room and write some of it. The count; -EAGAIN when there was no room after
 * all; -ECANCELED once given up; -errno. */
KEDGE_MUST_CHECK ssize_t log_output_write(const struct log_output *out,
                                          struct kedge_span bytes);

/* From any thread: end the wait, this one and all later ones. */
void log_output_give_up(const struct log_output *out);

#endif
