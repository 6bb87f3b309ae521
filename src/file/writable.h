/* SPDX-License-Identifier: MIT */
/* Where below a directory that it may not write itself this process may write. */
#ifndef FILE_WRITABLE_H
#define FILE_WRITABLE_H

#include "kedge/base.h"

/* The first directory below dir that may be written, as a path from there, into path (room
 * bytes). One on another file system counts without a look: its server may not answer. At most
 * 4 levels and 10,000 entries are read; links are not followed. False: there is none. */
KEDGE_MUST_CHECK bool writable_below(int dir, char *path, size_t room);

#endif
