/* SPDX-License-Identifier: MIT */
/* A file of text or bytes that is printed to, and is complete or not there at all: a
 * local_target (file/local.h) behind a stdio stream, with the same rule. A symbolic link
 * stays, and the file that it leads to is replaced; `-`, a pipe and a device are written
 * straight through. */
#ifndef FILE_ATOMIC_FILE_H
#define FILE_ATOMIC_FILE_H

#include "file/local.h"

#include <stdio.h>

/* It stays where it was opened: the stream has its address. */
struct atomic_file {
    FILE *out; /* NULL when not open */
    struct local_target target;
    struct store_result failed; /* the first write that did not work */
};

/* The caller then prints to f->out; one of the next two ends it. Errors: as
 * local_target_open(), and BUSY (no memory). On failure there is nothing to end. */
KEDGE_MUST_CHECK struct store_result atomic_file_open(struct atomic_file *f,
                                                      const char *path);

/* All is printed: give it its name. Errors: as local_target_write() and _commit(), also of
 * an earlier write; then what was there is as it was. */
KEDGE_MUST_CHECK struct store_result atomic_file_commit(struct atomic_file *f);

/* Leave what was there. Harmless when not open, also after zeroing. */
void atomic_file_drop(struct atomic_file *f);

#endif
