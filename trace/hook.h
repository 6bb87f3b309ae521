/* SPDX-License-Identifier: MIT */
/* The passage from a call in the traced program into the trace and back, such that the program
 * does not notice: errno is kept, signals wait, what is called on it is not traced
 * itself. Nothing is seen in a process that `kedge trace` did not start, in a child of
 * vfork(2), and of descriptors that are not sockets. */
#ifndef TRACE_HOOK_H
#define TRACE_HOOK_H

#include "trace/memory.h"

#include <signal.h>

struct hook {
    struct trace *trace;
    struct trace_call call; /* to be filled in between */
    uint64_t inode;         /* the socket's */
    int error, cancel;
    sigset_t signals;
};

/* True where fd is a socket whose calls are followed; hook_leave must then follow, with
 * the lock held in between. result below 0: errno says why. */
bool hook_enter(struct hook *h, int fd, const char *name, int64_t result);
void hook_leave(struct hook *h);

/* Once more, for the same socket, which may be closed by now; the call begins afresh. */
bool hook_again(struct hook *h, int64_t result);

/* True for the descriptors that belong to the trace: for the program, they are closed. */
bool hook_owns(int fd);
/* The lowest and the highest of them; false if there are none. */
bool hook_range(int *low, int *high);

#endif
