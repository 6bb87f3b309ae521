/* SPDX-License-Identifier: MIT */
/* Temporary files: `.kedge-` and 16 hex digits, beside what they will become, and locked
 * (flock) as long as who made them lives. So leftovers can be told from those in use. */
#ifndef FILE_TEMP_H
#define FILE_TEMP_H

#include "file/error.h"

#include <sys/types.h>

#define TEMP_ROOM 24 /* with the NUL */

/* Make one in dir (which may be O_PATH), empty, open for writing. mode is subject to the
 * umask. On success the caller closes *fd, and gives the file a name or removes it. */
KEDGE_MUST_CHECK struct store_result temp_create(int dir, mode_t mode,
                                                 char name[static TEMP_ROOM], int *fd);

/* Give it this mode, of which the bits of 0777 count. A file system that has no modes (FAT)
 * is no failure. */
KEDGE_MUST_CHECK struct store_result temp_set_mode(int fd, mode_t mode);

/* Whether temp_create() could have made this name. */
KEDGE_MUST_CHECK bool temp_is_name(const char *name);

#endif
