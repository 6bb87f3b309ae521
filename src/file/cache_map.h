/* The mapping behind cache_lend(): made when the file is opened, gone when it is closed. */
#ifndef FILE_CACHE_MAP_H
#define FILE_CACHE_MAP_H

#include "file/cache.h"

/* Both on a helper. Where there can be no mapping, there is none: the file is read. */
void cache_map(struct cached_file *file);
void cache_unmap(struct cached_file *file);

#endif
