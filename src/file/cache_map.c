#include "file/cache_map.h"

#include "base/number.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

enum {
    CHUNK = 1 << 20, /* brought at once, and no more than AHEAD of them by one job */
    PROBE = 1 << 17, /* of which so many bytes are found in memory, or not, by one */
    AHEAD = 4,
    LEND_MAX = 1 << 14, /* more at once is read as quickly, or quicker: one copy from far
                           away into memory far away costs as much as two by the cache */
};

/* A larger file is read: its table of chunks would be large too. */
static const uint64_t map_max = (uint64_t)1 << 34;

/* A page that is used is not taken away so soon, though it may be: then the loop waits for
 * it, once. */
static const kedge_nanos stay = 5 * KEDGE_SEC;
static const kedge_nanos ask_again = 10 * KEDGE_MSEC; /* for what was not in memory */

void cache_map(struct cached_file *file)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t len = sub_sat(file->id.size, 1) / page * page;
    void *at;

    if (len == 0 || len > map_max || len > SIZE_MAX / 4)
        return;
    file->map.until = calloc((size_t)(len / CHUNK + 1), sizeof *file->map.until);
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

static bool is_in_memory(const struct cached_file *file, uint64_t at)
{
    char byte;
    struct iovec v = { &byte, 1 };

    return file->in_memory || preadv2(file->fd, &v, 1, (off_t)at, RWF_NOWAIT) == 1;
}

static bool is_warm(const struct cached_file *file, uint64_t from, uint64_t to)
{
    for (uint64_t at = from; at < to; at += PROBE)
        if (!is_in_memory(file, at))
            return false;
    return is_in_memory(file, to - 1);
}

/* Until the first chunk that is not in memory, or of which the kernel will not say so. */
static void run_bring(struct store_job *job)
{
    struct cache_map *m = JOB_OWNER(job, struct cache_map, job);
    struct cached_file *file = JOB_OWNER(m, struct cached_file, map);
    uint64_t chunks = (m->len + CHUNK - 1) / CHUNK;
    uint64_t most = min_u64(m->next + AHEAD, chunks);

    for (m->end = m->next; m->end < most; m->end++) {
        uint64_t from = m->end * CHUNK;
        uint64_t to = min_u64(from + CHUNK, m->len);

        if (!is_warm(file, from, to) ||
            madvise((void *)(uintptr_t)(m->at + from), (size_t)(to - from),
                    MADV_POPULATE_READ) < 0)
            break;
    }
}

static void done_bring(struct store_job *job)
{
    struct cache_map *m = JOB_OWNER(job, struct cache_map, job);
    struct cached_file *file = JOB_OWNER(m, struct cached_file, map);

    for (uint64_t i = m->next; i < m->end; i++)
        m->until[i] = m->asked_at + stay;
    file->cache->bringing = false;
    cache_release(file, m->asked_at);
}

/* At the end of what can be lent there is no chunk to bring. */
static bool is_missing(const struct cache_map *m, uint64_t offset, size_t len,
                       kedge_nanos now)
{
    return m->at && len <= LEND_MAX && offset + len <= m->len &&
           now >= m->until[offset / CHUNK];
}

void cache_warm(struct cached_file *file, uint64_t offset, size_t len, kedge_nanos now)
{
    struct cache_map *m = &file->map;

    if (file->cache->bringing || !is_missing(m, offset, len, now) ||
        (m->end == m->next && now < m->asked_at + ask_again))
        return;
    m->next = offset / CHUNK;
    m->asked_at = now;
    file->cache->bringing = true;
    cache_share(file);
    m->job = (struct store_job){ .run = run_bring, .done = done_bring };
    workers_submit(file->cache->workers, &m->job);
}

const uint8_t *cache_lend(const struct cached_file *file, uint64_t offset, size_t len,
                          kedge_nanos now)
{
    const struct cache_map *m = &file->map;

    KEDGE_ASSERT(len > 0 && offset <= file->id.size && len <= file->id.size - offset);
    if (file->copy)
        return file->copy + offset;
    if (!m->at || len > LEND_MAX || offset + len > m->len)
        return NULL;
    if (now >= m->until[offset / CHUNK] || now >= m->until[(offset + len - 1) / CHUNK])
        return NULL;
    return m->at + offset;
}
