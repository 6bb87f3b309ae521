/* SPDX-License-Identifier: MIT */
/* Opening below a root as if that were `/`: links and `..` stay in it, as in a chroot. By openat2,
 * or part by part where that is missing (walk.h): the same, and slower. */
#ifndef FILE_OPEN_BELOW_H
#define FILE_OPEN_BELOW_H

#include "kedge/base.h"

/* Without magic links; O_CLOEXEC is added. A descriptor, or -errno. Blocks. */
KEDGE_MUST_CHECK int open_below(int root, const char *path, int flags);

/* The same, but -EAGAIN rather than to wait for a disk or another program. */
KEDGE_MUST_CHECK int open_below_at_once(int root, const char *path, int flags);

/* Whether names are walked here part by part. */
bool open_below_walks(int root);

#endif
