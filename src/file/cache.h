/* SPDX-License-Identifier: MIT */
/* Files open for reading, shared by all transfers that read them, and kept a moment
 * longer for the next. A file is known by its device, inode, size, mtime and ctime: a name
 * that now stands for another file, or for a changed one (its owner and mode too), opens
 * anew, while transfers under way keep what they began with. All functions are for the
 * loop's thread and none blocks; what blocks is done by jobs. */
#ifndef FILE_CACHE_H
#define FILE_CACHE_H

#include "file/identity.h"
#include "file/root.h"
#include "os/workers.h"

#include <sys/uio.h>

/* Files up to here are kept whole in memory while they are open: a boot storm asks for the
 * same small ones, and a copy is never cold. */
#define CACHE_COPY_MAX 65536

/* A file whose size is not what it says (procfs and sysfs make theirs when they are read) is
 * copied to its end, if that is no further than here. */
#define CACHE_MADE_MAX (4u << 20)

/* The pages of a larger file, shared by all who send it: see cache_lend(). The program
 * never looks into them: of a file that was cut short that would be its end (SIGBUS), while
 * the kernel, sending from there, says EFAULT. */
struct cache_map {
    const uint8_t *at;  /* NULL: there is none */
    size_t len;         /* whole pages; the file's last one is left out */
    kedge_nanos *until; /* of each chunk: till then its pages are taken to be there */
    uint64_t next;      /* the chunk that was asked for last */
    uint64_t end;       /* [next, end) were in memory, and came; a helper's at work */
    kedge_nanos asked_at;
    struct store_job job; /* the file is held meanwhile */
};

/* One open file. Callers read size; the rest is the cache's. */
struct cached_file {
    struct file_identity id;
    uint64_t size; /* bytes that can be read */
    bool is_made;  /* made when it was read: for one transfer only, and all in copy */
    int fd;
    bool in_memory; /* its file system holds all in memory: reading never waits */
    uint8_t *copy;  /* all of a small file, or of one that is made; or NULL */
    struct cache_map map;
    uint32_t users;
    kedge_nanos idle_since;
    struct cached_file *next;  /* in its bucket, or in the free list */
    struct cached_file *older; /* the idle ones, in order */
    struct cached_file *newer;
    struct file_cache *cache;
    uint32_t group; /* of its jobs */
    struct store_job closing;
};

struct file_cache {
    struct workers *workers;
    struct cached_file *slots;
    struct cached_file **buckets;
    uint32_t room;
    uint32_t fresh; /* from this slot on none was ever used */
    struct cached_file *free;
    struct cached_file *oldest; /* idle */
    struct cached_file *newest;
    kedge_nanos keep; /* how long an idle file stays open */
    bool bringing;    /* a helper brings pages: one at a time, the others are for opens */
    bool closed;
};

/* slots and buckets hold room elements each, zeroed: as many different files can be open at
 * once. They and the workers are the caller's, and outlive the cache. The memory of slots
 * that were never used is never touched. An idle file is closed after keep. */
struct cache_config {
    struct workers *workers;
    struct cached_file *slots;
    struct cached_file **buckets;
    uint32_t room;
    kedge_nanos keep;
};

void cache_init(struct file_cache *cache, const struct cache_config *config);

/* Hands every idle file to a helper to be closed, and those in use as they are released.
 * Before workers_close(). */
void cache_free(struct file_cache *cache);

/* The file that name stands for, if it is open and the kernel can tell at once; else
 * NULL, which says nothing about the name: use cache_open(). The caller releases it. */
KEDGE_MUST_CHECK struct cached_file *cache_find(struct file_cache *cache,
                                                const struct store_root *root,
                                                const struct root_name *name);

/* One opening under way: the caller's memory until done(). It cannot be called off: who
 * no longer wants the file releases it in done(). */
struct cache_opening {
    /* Set by the caller; root and name live until done(). */
    const struct store_root *root;
    const struct root_name *name;
    uint32_t group; /* of the file's jobs, this one and later ones: os/workers.h */
    void (*done)(struct cache_opening *opening); /* on the loop's thread */

    /* Valid in done(). */
    struct store_result
        result; /* NOT_FOUND, GONE, DENIED (also: CACHE_MADE_MAX), BUSY, IO */
    struct cached_file *file; /* when OK: the caller's to release */

    struct store_job job; /* the cache's from here on */
    struct file_cache *cache;
    struct cached_file *slot;
};

/* Open by a helper. done() is always called later, by workers_collect(); also when there
 * is no slot left (BUSY). Where no descriptor is left, idle files give theirs. */
void cache_open(struct file_cache *cache, struct cache_opening *opening);

/* One more user of a file that the caller already holds. */
void cache_share(struct cached_file *file);

/* Close up to count idle files by a helper, the oldest first: for who needs descriptors
 * elsewhere in this process. */
void cache_evict(struct file_cache *cache, unsigned count);

/* The caller is through with the file. Nothing else of it may be under way. */
void cache_release(struct cached_file *file, kedge_nanos now);

/* Close what was idle for long enough. Returns when to call again; KEDGE_NEVER if
 * nothing is idle. */
kedge_nanos cache_trim(struct file_cache *cache, kedge_nanos now);

/* Fill iov (count at most 1,024) with the file's bytes from offset on, all of them: the
 * caller never asks beyond size. It never waits: LATER if the bytes are not in memory,
 * or the file system cannot tell; then use the job form. CHANGED: the file is shorter
 * than it was. IO. On any of these what iov holds is undefined. */
KEDGE_MUST_CHECK struct store_result cache_read(const struct cached_file *file,
                                                const struct iovec *iov, int count,
                                                uint64_t offset);

/* The same by a helper. All is the caller's memory and stays until done(), the file held
 * and the buffers too. result as cache_read()'s, but never LATER. */
struct cache_reading {
    const struct cached_file *file;
    const struct iovec *iov;
    int count;
    uint64_t offset;
    void (*done)(struct cache_reading *reading); /* on the loop's thread */
    struct store_result result;                  /* valid in done() */
    struct store_job job;
};

void cache_read_later(struct workers *workers, struct cache_reading *reading);

/* Where the bytes [offset, offset + len) lie in memory, to be sent without a copy; or NULL,
 * and then they are to be read. They may be given to the kernel only, which may refuse them
 * with EFAULT: the file was cut short, and cache_read() says so. They stay there until the
 * file is released.
 *
 * Of a small file all is lent. Of a larger one what a helper has brought, see below, but
 * nothing of its last page; so, like one that reads, who sends a file that was cut short
 * never comes to its end. */
KEDGE_MUST_CHECK const uint8_t *cache_lend(const struct cached_file *file,
                                           uint64_t offset, size_t len, kedge_nanos now);

/* These bytes were not lent, and could be read at once: so they are in memory, and what
 * follows them too, it may be. Let a helper bring those pages, to be lent from then on. It
 * reads nothing from a disk, and is sent only where it may be of use. */
void cache_warm(struct cached_file *file, uint64_t offset, size_t len, kedge_nanos now);

/* The file is no longer as it was when it was opened: its size, mtime or ctime is another.
 * Where the number of its links is another too (it was replaced or removed), ctime says
 * nothing. Asked before a transfer's last block leaves. Does not wait. */
KEDGE_MUST_CHECK bool cache_changed(const struct cached_file *file);

#endif
