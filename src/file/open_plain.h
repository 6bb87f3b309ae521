/* SPDX-License-Identifier: MIT */
/* Opening below a directory without a link on the way: by openat2, or part by part where that is
 * missing. */
#ifndef FILE_OPEN_PLAIN_H
#define FILE_OPEN_PLAIN_H

#include "kedge/base.h"

/* A path below dir that has no symbolic link in it, not even at its end, and no `..`; O_CLOEXEC is
 * added. A link that an O_NOFOLLOW and O_PATH open meets at the end is opened itself. A descriptor,
 * or -errno (ELOOP: there is a link). */
KEDGE_MUST_CHECK int open_plain(int dir, const char *path, int flags);

/* The same of a name in dir that is on its file system (EXDEV: another one is mounted there, and
 * was not asked). */
KEDGE_MUST_CHECK int open_near(int dir, const char *name, int flags);

#endif
