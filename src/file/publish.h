/* SPDX-License-Identifier: MIT */
/* The last step of an upload: a complete temporary file takes its name, in one step for
 * everyone who looks. */
#ifndef FILE_PUBLISH_H
#define FILE_PUBLISH_H

#include "file/upload.h"

struct publication {
    int dir;          /* O_PATH */
    const char *temp; /* its names in dir: now, */
    const char *last; /* and to be */
    enum upload_policy policy;
};

/* What has the name now, of which *st is set; without following it. OK also where there
 * is nothing, and then st->st_mode is 0. DENIED: not a regular file. EXISTS: something,
 * and the policy is create. */
KEDGE_MUST_CHECK struct store_result publish_look(const struct publication *p,
                                                  struct stat *st);

/* Whether what publish_look() found can be replaced, before the bytes come. DENIED: a mount
 * point, or an immutable file. BAD_NAME: too long to be kept as a version. */
KEDGE_MUST_CHECK struct store_result publish_check(const struct publication *p,
                                                   const struct stat *st);

/* Do it. A name that must be free is taken by a rename that replaces nothing, or by a link
 * where the file system has no such rename; who watches the directory (inotify) hears of the
 * final name either way. On success temp is no more; on failure it is as it was, and so is
 * the target. */
KEDGE_MUST_CHECK struct store_result place(const struct publication *p);

#endif
