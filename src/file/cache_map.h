/* SPDX-License-Identifier: MIT */
/* The mapping behind cache_lend(): made when the file is opened, gone when it is closed. */
#ifndef FILE_CACHE_MAP_H
#define FILE_CACHE_MAP_H

#include "file/cache.h"

enum {
    CACHE_CHUNK = 1 << 20, /* brought at once */
    CACHE_LEND_MAX =
        1 << 14, /* more at once is read as quickly, or quicker: one copy from
                                 far away into memory far away costs as much as two by the
                                 cache */
};

/* Both on a helper. Where there can be no mapping, there is none: the file is read. */
void cache_map(struct cached_file *file);
void cache_unmap(struct cached_file *file);

#endif
