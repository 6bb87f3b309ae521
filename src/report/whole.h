/* SPDX-License-Identifier: MIT */
/* A file that is written whole or not at all: under a temporary name beside it, which
 * then takes its place in one step. What is there and no regular file (a pipe, a device)
 * is written straight through. */
#ifndef REPORT_WHOLE_H
#define REPORT_WHOLE_H

#include "kedge/base.h"

#include <stdio.h>

struct atomic_file {
    FILE *out; /* memory, until it is whole */
    char *bytes;
    size_t len;
    int fd;
    char *path;
    char *temp; /* NULL: written straight through */
};

/* 0 or -errno. The caller then prints to w->out; either of the next two ends it. */
KEDGE_MUST_CHECK int atomic_file_open(struct atomic_file *w, const char *path);

/* 0; or -errno, and then what was there is as it was. */
KEDGE_MUST_CHECK int atomic_file_commit(struct atomic_file *w);
void atomic_file_drop(struct atomic_file *w);

#endif
