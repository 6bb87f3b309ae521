/* SPDX-License-Identifier: MIT */
/* The copy in memory that a cached file is served from: of a small file, and of one that
 * does not say its size, as those of procfs and sysfs, which are made when they are read.
 * Other files have none; they are mapped (cache_map.h) or read. */
#ifndef FILE_CACHE_COPY_H
#define FILE_CACHE_COPY_H

#include "file/cache.h"

/* Copy it, if it is one of those: sets copy, and of a file that is made size and is_made. A
 * small file that cannot be copied whole now is left to be read as it comes. Blocks: for a
 * helper. Errors of a file that is made: DENIED (over CACHE_MADE_MAX), BUSY, IO. */
KEDGE_MUST_CHECK struct store_result cache_copy(struct cached_file *f);

void cache_forget_copy(struct cached_file *f);

#endif
