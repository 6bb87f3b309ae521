/* SPDX-License-Identifier: MIT */
/* What in.tftpd is to the system: a process in the background, with a pid file, and a log
 * that goes to syslog or to a file. */
#ifndef CMD_IN_TFTPD_PROCESS_H
#define CMD_IN_TFTPD_PROCESS_H

#include "cmd/in_tftpd_args.h"
#include "os/sandbox.h"

#include <pthread.h>

struct in_tftpd_process {
    const struct in_tftpd_args *args;
    int ready;   /* a pipe to the parent, which waits; -1: there is none */
    int pidfile; /* open as long as it runs; -1: none */
    int saved;   /* standard error as it was, while `lines` has it; or -1 */
    int lines;   /* what is read for syslog, or to get tags; -1: nothing */
    pthread_t writer;
};

/* All zero but for args and descriptors that are not there. */
void in_tftpd_process_init(struct in_tftpd_process *p, const struct in_tftpd_args *args);

/* Go to the background: it returns there. The parent ends once the child serves, with 0, or
 * once it has failed, with its status. 0 or -errno. */
KEDGE_MUST_CHECK int in_tftpd_process_detach(struct in_tftpd_process *p);

/* Write the pid file, as who it was started by. A fault is said, and no obstacle. */
void in_tftpd_process_pid(struct in_tftpd_process *p);

/* Standard error goes where --stderr and its like say. To syslog it goes once it serves; the
 * connection is made here, where no sandbox is in the way. False: said. */
KEDGE_MUST_CHECK bool in_tftpd_process_log(struct in_tftpd_process *p);

/* Allow what the functions below open and remove. 0 or -errno. */
KEDGE_MUST_CHECK int in_tftpd_process_allow(const struct in_tftpd_process *p,
                                            struct sandbox *files);

/* It serves: let the parent go, and the log go to syslog, if there is one. */
void in_tftpd_process_ready(struct in_tftpd_process *p);

/* SIGHUP: a log file is closed, and opened again by its name. */
void in_tftpd_process_reopen(struct in_tftpd_process *p);

/* Take the pid file away (or empty it, where that is forbidden by now), and end the log. */
void in_tftpd_process_end(struct in_tftpd_process *p);

#endif
