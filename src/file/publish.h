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
 * is nothing, and then st->st_mode is 0. DENIED: neither a regular file nor a symbolic
 * link. EXISTS: something, and the policy is create. */
KEDGE_MUST_CHECK struct store_result publish_look(const struct publication *p,
                                                  struct stat *st);

/* Do it. On success temp is no more; on failure it is as it was, and so is the target. */
KEDGE_MUST_CHECK struct store_result place(const struct publication *p);

#endif
