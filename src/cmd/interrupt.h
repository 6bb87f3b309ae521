/* SPDX-License-Identifier: MIT */
/* Ctrl-C, SIGTERM and SIGHUP (unless it is ignored) as something to wait for, so that a
 * verb can finish what it was saying. */
#ifndef CMD_INTERRUPT_H
#define CMD_INTERRUPT_H

#include "kedge/base.h"

#include <pthread.h>

/* Block these signals in this thread; the descriptor is readable once one came. -errno. */
KEDGE_MUST_CHECK int interrupt_open(void);

/* Let them end the program again. */
void interrupt_close(int fd);

/* The signal that came, or 0. Before interrupt_close(). */
KEDGE_MUST_CHECK int interrupt_which(int fd);

/* After interrupt_close(): end the program by that signal after all, with what it has
 * written flushed; a shell then knows to end its own loop too. */
_Noreturn void interrupt_end(int number);

/* Some calls heed no descriptor: a name server that is silent, a FIFO without another
 * end, a pipe that nobody reads. A thread ends the program a second after the signal if
 * it has not been stopped by then. fd is interrupt_open()'s; where that failed there is
 * no guard. */
struct interrupt_guard {
    pthread_t thread;
    int fd, stop; /* stop -1: none is running */
};
void interrupt_guard_start(struct interrupt_guard *g, int fd);
void interrupt_guard_stop(struct interrupt_guard *g);

#endif
