/* SPDX-License-Identifier: MIT */
/* A name walked part by part below directories. Each part is opened with no link on the way
 * (open_plain.h); what a link says is read, and walked in the same manner. So nothing outside of
 * them is ever opened, also if somebody replaces a part by a link meanwhile. */
#ifndef FILE_WALK_H
#define FILE_WALK_H

#include "kedge/base.h"

#include <limits.h>

#define WALK_LINKS_MAX 40 /* on the way of one name, as the kernel has it */

struct walk_dir {
    int fd;     /* O_PATH */
    char *path; /* absolute, no slash at its end ("" is /): links name it so */
};

/* One name under way: from home on, and by links to others too. */
struct walk {
    struct walk_dir home;
    const struct walk_dir *others;
    size_t count;
    char at[PATH_MAX];   /* where it is: absolute, no link in it; "" is / */
    char todo[PATH_MAX]; /* what is left: slashes at its end */
    unsigned links;
};

/* Go as far as the name leads. 0 or -errno: ENOENT (also: it leads elsewhere, and also with the last
 * part, which alone is not there, at its place), ELOOP, ENOTDIR, ENAMETOOLONG, EACCES, EIO. Blocks. */
KEDGE_MUST_CHECK int walk_name(struct walk *w, const char *name);

/* Open where it is. A descriptor, or -errno. */
KEDGE_MUST_CHECK int walk_open(const struct walk *w, int flags);

/* To the directory above. */
void walk_climb(struct walk *w);

/* Open the path as if root were `/`. A descriptor, or -errno. Blocks. */
KEDGE_MUST_CHECK int walk_in_root(int root, const char *path, int flags);

#endif
