/* SPDX-License-Identifier: MIT */
/* The mapping of a cached file, and the pages of it that are lent. */
#include "file/cache_map.h"

#include "base/number.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A larger file is read: its table of chunks would be large too. */
static const uint64_t map_max = (uint64_t)1 << 34;

void cache_map(struct cached_file *file)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t len = sub_sat(file->size, 1) / page * page;
    void *at;

    if (len == 0 || len > map_max || len > SIZE_MAX / 4)
        return;
    file->map.until = calloc((size_t)(len / CACHE_CHUNK + 1), sizeof *file->map.until);
    if (!file->map.until)
        return;
    at = mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, file->fd, 0);
    if (at == MAP_FAILED) {
        cache_unmap(file);
        return;
    }
    file->map.at = at;
    file->map.len = (size_t)len;
}

void cache_unmap(struct cached_file *file)
{
    if (file->map.at)
        munmap((void *)(uintptr_t)file->map.at, file->map.len);
    free(file->map.until);
    file->map = (struct cache_map){ 0 };
}

const uint8_t *cache_lend(const struct cached_file *file, uint64_t offset, size_t len,
                          kedge_nanos now)
{
    const struct cache_map *m = &file->map;

    KEDGE_ASSERT(len > 0 && offset <= file->size && len <= file->size - offset);
    if (file->copy)
        return file->copy + offset;
    if (!m->at || len > CACHE_LEND_MAX || offset + len > m->len)
        return NULL;
    if (now >= m->until[offset / CACHE_CHUNK] ||
        now >= m->until[(offset + len - 1) / CACHE_CHUNK])
        return NULL;
    return m->at + offset;
}
