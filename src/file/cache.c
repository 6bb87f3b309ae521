/* SPDX-License-Identifier: MIT */
/* The cache of open files: lookup, share, revalidate, close. */
#include "file/cache.h"

#include "base/number.h"
#include "file/calls.h"
#include "file/cache_copy.h"
#include "file/cache_map.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cache_init(struct file_cache *cache, const struct cache_config *config)
{
    *cache = (struct file_cache){ .workers = config->workers,
                                  .slots = config->slots,
                                  .buckets = config->buckets,
                                  .room = config->room,
                                  .keep = config->keep };
}

static struct cached_file **bucket(struct file_cache *cache,
                                   const struct file_identity *id)
{
    uint64_t mix = (id->ino ^ id->dev << 32) * 0x9e3779b97f4a7c15u;

    return &cache->buckets[(mix >> 32) % cache->room];
}

static struct cached_file *lookup(struct file_cache *cache,
                                  const struct file_identity *id)
{
    struct cached_file *f = *bucket(cache, id);

    while (f && (f->is_made || !identity_same(&f->id, id)))
        f = f->next;
    return f;
}

static void insert(struct file_cache *cache, struct cached_file *f)
{
    struct cached_file **head = bucket(cache, &f->id);

    f->next = *head;
    *head = f;
}

static void remove_from_bucket(struct file_cache *cache, struct cached_file *f)
{
    struct cached_file **at = bucket(cache, &f->id);

    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
}

static void idle_append(struct file_cache *cache, struct cached_file *f)
{
    f->older = cache->newest;
    f->newer = NULL;
    if (cache->newest)
        cache->newest->newer = f;
    else
        cache->oldest = f;
    cache->newest = f;
}

static void idle_remove(struct file_cache *cache, struct cached_file *f)
{
    if (f->older)
        f->older->newer = f->newer;
    else
        cache->oldest = f->newer;
    if (f->newer)
        f->newer->older = f->older;
    else
        cache->newest = f->older;
}

static void set_free(struct cached_file *f)
{
    f->next = f->cache->free;
    f->cache->free = f;
}

/* close() asks the file's server, where it has one, and waits for the answer. */
static void close_file(struct cached_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    cache_forget_copy(f);
    cache_unmap(f);
}

static void run_close(struct store_job *job)
{
    close_file(JOB_OWNER(job, struct cached_file, closing));
}

static void done_close(struct store_job *job)
{
    set_free(JOB_OWNER(job, struct cached_file, closing));
}

static void close_by_helper(struct cached_file *f)
{
    f->closing =
        (struct store_job){ .run = run_close, .done = done_close, .group = f->group };
    workers_submit(f->cache->workers, &f->closing);
}

static struct cached_file *take_oldest(struct file_cache *cache)
{
    struct cached_file *f = cache->oldest;

    if (f) {
        idle_remove(cache, f);
        remove_from_bucket(cache, f);
    }
    return f;
}

/* An idle one comes with its file still open: whoever opens the next one closes it. */
static struct cached_file *take_slot(struct file_cache *cache)
{
    struct cached_file *f = cache->free;

    if (f) {
        cache->free = f->next;
        return f;
    }
    if (cache->fresh == cache->room)
        return take_oldest(cache);
    f = &cache->slots[cache->fresh++];
    *f = (struct cached_file){ .fd = -1, .cache = cache };
    return f;
}

void cache_evict(struct file_cache *cache, unsigned count)
{
    struct cached_file *f;

    while (count-- > 0 && (f = take_oldest(cache)))
        close_by_helper(f);
}

void cache_free(struct file_cache *cache)
{
    cache->closed = true;
    cache_evict(cache, UINT_MAX);
}

static struct cached_file *use(struct cached_file *f)
{
    if (f->users++ == 0)
        idle_remove(f->cache, f);
    return f;
}

struct cached_file *cache_find(struct file_cache *cache, const struct store_root *root,
                               const struct root_name *name)
{
    struct cached_file *f;
    struct file_identity id;
    struct stat st;

    if (!root_peek(root, name, &st))
        return NULL;
    id = identity_of(&st);
    f = lookup(cache, &id);
    return f ? use(f) : NULL;
}

static void run_open(struct store_job *job)
{
    struct cache_opening *o = JOB_OWNER(job, struct cache_opening, job);
    struct cached_file *f = o->slot;
    enum fs_kind kind;
    struct stat st;

    if (!f)
        return;
    close_file(f);
    o->result = root_open_file(o->root, o->name, &f->fd, &st);
    if (o->result.error)
        return;
    f->id = identity_of(&st);
    f->size = f->id.size;
    f->is_made = false;
    kind = call_fs_kind(f->fd);
    f->in_memory = kind == FS_MEMORY;
    o->result = cache_copy(f);
    if (o->result.error)
        close_file(f);
    else if (!f->copy && kind != FS_OTHER)
        cache_map(f);
}

/* Another job may have opened the same file meanwhile: then that one is shared. */
static struct cached_file *settle_cached(struct cached_file *f)
{
    struct cached_file *there = f->is_made ? NULL : lookup(f->cache, &f->id);

    if (there) {
        close_by_helper(f);
        return use(there);
    }
    insert(f->cache, f);
    f->users = 1;
    return f;
}

static void done_open(struct store_job *job);

static void submit_open(struct cache_opening *o, struct cached_file *slot)
{
    o->job = (struct store_job){ .run = run_open, .done = done_open, .group = o->group };
    o->slot = slot;
    if (slot)
        slot->group = o->group;
    workers_submit(o->cache->workers, &o->job);
}

/* An idle file's slot comes with its descriptor. */
static bool open_again(struct cache_opening *o)
{
    bool none_left = o->result.err == EMFILE || o->result.err == ENFILE;

    if (!o->slot || !none_left || !o->cache->oldest)
        return false;
    set_free(o->slot);
    submit_open(o, take_oldest(o->cache));
    return true;
}

static void done_open(struct store_job *job)
{
    struct cache_opening *o = JOB_OWNER(job, struct cache_opening, job);

    if (open_again(o))
        return;
    if (o->result.error == STORE_OK)
        o->file = settle_cached(o->slot);
    else if (o->slot)
        set_free(o->slot);
    o->done(o);
}

void cache_open(struct file_cache *cache, struct cache_opening *opening)
{
    opening->cache = cache;
    opening->file = NULL;
    opening->result = store_fail(STORE_BUSY, "too many different files at once");
    submit_open(opening, take_slot(cache));
}

void cache_share(struct cached_file *file)
{
    KEDGE_ASSERT(file->users > 0);
    file->users++;
}

void cache_release(struct cached_file *file, kedge_nanos now)
{
    KEDGE_ASSERT(file->users > 0);
    if (--file->users > 0)
        return;
    if (file->is_made) { /* nobody else will ask for what was made for one */
        remove_from_bucket(file->cache, file);
        close_by_helper(file);
        return;
    }
    file->idle_since = now;
    idle_append(file->cache, file);
    if (file->cache->closed)
        cache_free(file->cache);
}

kedge_nanos cache_trim(struct file_cache *cache, kedge_nanos now)
{
    while (cache->oldest && add_sat(cache->oldest->idle_since, cache->keep) <= now)
        close_by_helper(take_oldest(cache));
    return cache->oldest ? add_sat(cache->oldest->idle_since, cache->keep) : KEDGE_NEVER;
}

static struct store_result ended_early(void)
{
    return store_fail(STORE_CHANGED, "cut short while it was served");
}

static struct store_result copy_out(const struct cached_file *file,
                                    const struct iovec *iov, int count, uint64_t offset)
{
    const uint8_t *from = file->copy + offset;

    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len > 0)
            memcpy(iov[i].iov_base, from, iov[i].iov_len);
        from += iov[i].iov_len;
    }
    return store_ok();
}

static struct store_result read_all(const struct cached_file *file, struct iov_list list,
                                    uint64_t offset)
{
    uint64_t moved;
    int err = iov_all(file->fd, IOV_READ, list, offset, &moved);

    if (err)
        return store_errno(-err);
    return moved < iov_total(list) ? ended_early() : store_ok();
}

struct store_result cache_read(const struct cached_file *file, const struct iovec *iov,
                               int count, uint64_t offset)
{
    uint64_t want = iov_total((struct iov_list){ iov, count });
    ssize_t n;

    KEDGE_ASSERT(offset <= file->size && want <= file->size - offset);
    if (file->copy)
        return copy_out(file, iov, count, offset);
    if (file->in_memory)
        return read_all(file, (struct iov_list){ iov, count }, offset);
    n = preadv2(file->fd, iov, count, (off_t)offset, RWF_NOWAIT);
    if (n >= 0 && (uint64_t)n == want)
        return store_ok();
    /* Not all is in memory, or the file is shorter now, or its file system has no
     * RWF_NOWAIT, or a container's filter not the call, or it was interrupted: in each case
     * a helper finds out. */
    if (n >= 0 || errno == EAGAIN || errno == EOPNOTSUPP || errno == ENOSYS ||
        errno == EPERM || errno == EINTR)
        return store_fail(STORE_LATER, "not in memory");
    return store_errno(errno);
}

static void run_read(struct store_job *job)
{
    struct cache_reading *r = JOB_OWNER(job, struct cache_reading, job);

    r->result = read_all(r->file, (struct iov_list){ r->iov, r->count }, r->offset);
}

static void done_read(struct store_job *job)
{
    struct cache_reading *r = JOB_OWNER(job, struct cache_reading, job);

    r->done(r);
}

void cache_read_later(struct workers *workers, struct cache_reading *reading)
{
    uint64_t want = iov_total((struct iov_list){ reading->iov, reading->count });

    KEDGE_ASSERT(reading->offset <= reading->file->size &&
                 want <= reading->file->size - reading->offset);
    reading->job = (struct store_job){ .run = run_read,
                                       .done = done_read,
                                       .group = reading->file->group };
    workers_submit(workers, &reading->job);
}

bool cache_changed(const struct cached_file *file)
{
    struct file_identity now;
    struct stat st;

    if (file->is_made)
        return false;
    if (call_stat_now(file->fd, &st) < 0)
        return true;
    now = identity_of(&st);
    if (now.links != file->id.links)
        return !identity_same_bytes(&now, &file->id);
    return !identity_same(&now, &file->id);
}
