/* SPDX-License-Identifier: MIT */
/* `kedge serve --exec PROGRAM`: the record of each transfer, handed on to a hook (os/hook.h). */
#ifndef CMD_SERVE_EXEC_H
#define CMD_SERVE_EXEC_H

#include "os/hook.h"
#include "report/record.h"

#include <stdatomic.h>

enum {
    SERVE_EXEC_REFUSALS_AT_ONCE =
        8, /* handed on, and transfers that nobody answered; then */
    SERVE_EXEC_REFUSALS_A_SECOND = 4
};

struct serve_exec {
    struct hook hook;           /* fd -1: nothing is run */
    atomic_ullong lost;         /* records that were not handed on */
    atomic_ullong next_refusal; /* when the next one is due, of those at an even pace */
};

void serve_exec_init(struct serve_exec *e);

/* After privileges were given up, before the sandbox and the first thread. 0 or -errno: EACCES (it
 * may not be executed), ENOENT. */
KEDGE_MUST_CHECK int serve_exec_open(struct serve_exec *e, const char *program);

/* From any thread; it never waits. What cannot be handed on is counted. */
void serve_exec_record(struct serve_exec *e, const struct transfer_record *r);

void serve_exec_close(struct serve_exec *e);

#endif
