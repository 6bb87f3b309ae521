/* SPDX-License-Identifier: MIT */
/* By what a file is known again: its device and inode, and what changes when it is written. */
#ifndef FILE_IDENTITY_H
#define FILE_IDENTITY_H

#include "kedge/base.h"

#include <sys/stat.h>

struct file_identity {
    uint64_t dev;
    uint64_t ino;
    int64_t mtime_s;
    int64_t mtime_ns;
    int64_t ctime_s;
    int64_t ctime_ns;
    uint64_t size;
    uint64_t links; /* their number; what changes it changes ctime, and no bytes */
};

struct file_identity identity_of(const struct stat *st);

/* The same file, and nothing of it was changed: its bytes, owner, mode. (Links count only by
 * the ctime that they change.) */
KEDGE_MUST_CHECK bool identity_same(const struct file_identity *a,
                                    const struct file_identity *b);

/* The same file and bytes, as far as size and mtime tell. */
KEDGE_MUST_CHECK bool identity_same_bytes(const struct file_identity *a,
                                          const struct file_identity *b);

#endif
