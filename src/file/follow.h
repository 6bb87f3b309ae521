/* SPDX-License-Identifier: MIT */
/* Directories outside a root, to which symbolic links in it may lead (walk.h). It opens for others:
 * it writes nothing. */
#ifndef FILE_FOLLOW_H
#define FILE_FOLLOW_H

#include "file/error.h"
#include "file/walk.h"

#define FOLLOW_DIRS_MAX 32

/* All zero: none. */
struct store_follow {
    struct walk_dir dirs[2 * FOLLOW_DIRS_MAX]; /* each as it is written, and really */
    size_t count;
};

/* Links may lead to the directory path too. Errors: NOT_FOUND, DENIED (also: no directory,
 * more than FOLLOW_DIRS_MAX), BUSY, IO. */
KEDGE_MUST_CHECK struct store_result follow_add(struct store_follow *f, const char *path);
void follow_close(struct store_follow *f);

/* Is dirs[i] the directory before it, by its other name? */
bool follow_is_again(const struct store_follow *f, size_t i);

/* Open what name leads to, from the directory home on. A name that climbs by itself (`..`)
 * or ends in a slash is not found: only links lead out. A descriptor, or -errno: ENOENT
 * (also: it leads elsewhere), ELOOP, ENOTDIR, ENAMETOOLONG, EACCES, EIO. Blocks. */
KEDGE_MUST_CHECK int follow_open(const struct store_follow *f, struct walk_dir home,
                                 const char *name, int flags);

#define FOLLOW_PATH_ROOM 512

struct follow_target {
    char path
        [FOLLOW_PATH_ROOM]; /* absolute, no link in it; what it names may not be there */
    size_t last;            /* where its last part begins */
};

/* The same for a file that is to be written: open, with O_PATH, the directory in which it is or
 * would be. A descriptor, or -errno as above, and EISDIR for `/`. Blocks. */
KEDGE_MUST_CHECK int follow_open_parent(const struct store_follow *f,
                                        struct walk_dir home, const char *name,
                                        struct follow_target *out);

#endif
