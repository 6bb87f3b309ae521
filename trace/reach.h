/* SPDX-License-Identifier: MIT */
/* Whether a preload library reaches a program: what its file says of it. */
#ifndef TRACE_REACH_H
#define TRACE_REACH_H

#include "kedge/base.h"

#include <limits.h>

enum reach {
    REACH_YES,        /* or not known: the kernel decides */
    REACH_STATIC,     /* no loader runs that would load a library */
    REACH_PRIVILEGED, /* set-id or file capabilities: the loader takes no library of ours */
    REACH_MACHINE     /* for another machine, or of another word size */
};

/* The file that execvp(3) would run. 0, or -errno with *out as it was. */
KEDGE_MUST_CHECK int reach_find(const char *command, char out[PATH_MAX]);

/* Of a script, its interpreter counts. */
KEDGE_MUST_CHECK enum reach reach_of(const char *path);

#endif
