/* SPDX-License-Identifier: MIT */
/* Pages of a mapped file are brought into memory by a helper, before the loop needs them. */
#include "file/cache.h"

#include "base/number.h"
#include "file/cache_map.h"

#include <sys/mman.h>
#include <sys/uio.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

enum {
    PROBE = 1 << 17, /* so many bytes are found in memory, or not, by one of them */
    AHEAD = 4,       /* chunks that one job brings at most */
};

/* A page that is used is not taken away so soon, though it may be: then the loop waits for
 * it, once. */
static const kedge_nanos stay = 5 * KEDGE_SEC;
static const kedge_nanos ask_again = 10 * KEDGE_MSEC; /* for what was not in memory */

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
    uint64_t chunks = (m->len + CACHE_CHUNK - 1) / CACHE_CHUNK;
    uint64_t most = min_u64(m->next + AHEAD, chunks);

    for (m->end = m->next; m->end < most; m->end++) {
        uint64_t from = m->end * CACHE_CHUNK;
        uint64_t to = min_u64(from + CACHE_CHUNK, m->len);

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
    return m->at && len <= CACHE_LEND_MAX && offset + len <= m->len &&
           now >= m->until[offset / CACHE_CHUNK];
}

void cache_warm(struct cached_file *file, uint64_t offset, size_t len, kedge_nanos now)
{
    struct cache_map *m = &file->map;

    if (file->cache->bringing || !is_missing(m, offset, len, now) ||
        (m->end == m->next && now < m->asked_at + ask_again))
        return;
    m->next = offset / CACHE_CHUNK;
    m->asked_at = now;
    file->cache->bringing = true;
    cache_share(file);
    m->job =
        (struct store_job){ .run = run_bring, .done = done_bring, .group = file->group };
    workers_submit(file->cache->workers, &m->job);
}
