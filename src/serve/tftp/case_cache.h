/* SPDX-License-Identifier: MIT */
/* Names of a directory by their letters without case (simple folding of UTF-8). A directory is
 * read once, and remembered for as long as its device, inode, mtime and ctime are the same; the
 * kernel is asked at each search. It opens nothing below a directory. Any thread. */
#ifndef SERVE_TFTP_CASE_CACHE_H
#define SERVE_TFTP_CASE_CACHE_H

#include "file/error.h"
#include "os/match.h"

#include <limits.h>
#include <pthread.h>

/* Of one directory what follows is not looked at; of all so many are remembered. */
#define CASE_CACHE_NAMES 65536
#define CASE_CACHE_DIRECTORIES 1024

/* What was read counts if the directory was the same so long before: the timestamps of file
 * systems are coarse, and the next change might have the same. */
#define CASE_CACHE_SETTLED (2 * KEDGE_SEC)

/* One that could not be read is left alone so long, unless it changes. */
#define CASE_CACHE_FAILED KEDGE_SEC

struct case_found {
    unsigned count; /* 2: two or more */
    char first[NAME_MAX + 1];
    char second[NAME_MAX + 1];
};

struct case_cache {
    struct match_locale letters; /* of names; not open: those of ASCII */
    pthread_mutex_t lock;        /* guards what follows */
    struct case_names *first;    /* searched last; the others behind it */
    size_t names;
    size_t directories;
    uint64_t reads; /* of directories, so far */
};

void case_cache_init(struct case_cache *c);
void case_cache_free(struct case_cache *c); /* and its letters */

/* The names in the open directory that are `part` but for the case of letters. Takes
 * directory. Blocks. OK; or BUSY: no memory or descriptor, or it cannot be
 * read to its end. */
KEDGE_MUST_CHECK struct store_result case_cache_find(struct case_cache *c, int directory,
                                                     struct kedge_span part,
                                                     kedge_nanos now,
                                                     struct case_found *out);

#endif
