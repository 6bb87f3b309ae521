/* SPDX-License-Identifier: MIT */
/* An upload's file: opened beside its target, written, committed or aborted. */
#include "file/upload.h"

#include "base/number.h"
#include "file/calls.h"
#include "file/directories.h"
#include "file/in_place.h"
#include "file/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct upload *upload_of(struct store_job *job)
{
    return JOB_OWNER(job, struct upload, job);
}

static struct publication publication(const struct upload *u)
{
    return (struct publication){ u->dir, u->temp, u->last, u->rules->policy };
}

static void done(struct store_job *job)
{
    struct upload *u = upload_of(job);

    u->done(u);
}

static void submit(struct workers *workers, struct upload *u,
                   void (*run)(struct store_job *))
{
    u->job =
        (struct store_job){ .run = run, .done = done, .group = u->group, .writes = true };
    workers_submit(workers, &u->job);
}

static void close_all(struct upload *u)
{
    if (u->fd >= 0)
        close(u->fd);
    if (u->dir >= 0)
        close(u->dir);
    if (u->target >= 0)
        close(u->target);
    if (u->made_in.fd >= 0)
        root_close(&u->made_in);
    u->fd = -1;
    u->dir = -1;
    u->target = -1;
}

static void discard(struct upload *u)
{
    if (u->fd >= 0 && u->target < 0)
        (void)unlinkat(u->dir, u->temp, 0);
    if (u->made_in.fd >= 0)
        directories_remove(&u->made_in, u->name, u->made);
    close_all(u);
}

static struct store_result permitted(const struct upload *u)
{
    if (u->rules->policy == UPLOAD_REFUSE)
        return store_fail(STORE_DENIED, "uploads are off");
    if (u->expected > u->rules->max_bytes)
        return store_fail(STORE_TOO_LARGE, "its announced size is larger than the limit");
    return store_ok();
}

/* Under `create` a link is a name that is taken, wherever it leads. */
static struct store_result open_directory(struct upload *u)
{
    if (u->rules->policy == UPLOAD_CREATE)
        return root_open_parent(u->root, u->name, &u->dir, &u->last);
    return root_open_target(u->root, u->name, &u->dir, &u->last);
}

/* What is there, or is not: st->st_mode 0. */
static struct store_result permits(const struct upload_rules *rules,
                                   const struct stat *st)
{
    if (rules->existing_only && st->st_mode == 0)
        return store_fail(STORE_NOT_FOUND, "only files that are there may be written");
    if (rules->public_only && st->st_mode != 0 && !(st->st_mode & S_IWOTH))
        return store_fail(STORE_DENIED, "others may not write the file (mode o+w)");
    return store_ok();
}

/* Beside its target, or where that may not be, in a temporary file without a name. */
static struct store_result open_temporary(struct upload *u, const struct stat *st)
{
    struct in_place p = { u->dir, u->last, st };
    bool may = u->rules->in_place && st->st_mode != 0;
    struct store_result r;

    if (may && in_place_is_sticky(&p))
        return in_place_open(&p, &u->target, &u->fd);
    r = temp_create(u->dir, 0600, u->temp, &u->fd);
    if (may && r.err == EACCES)
        r = in_place_open(&p, &u->target, &u->fd);
    return r;
}

/* The root may go away before the upload does: it is kept while directories may have to be
 * removed. */
static struct store_result make_directories(struct upload *u)
{
    struct store_result r = root_share(u->root, &u->made_in);

    if (r.error)
        return r;
    r = directories_make(u->root, u->name, &u->made);
    return r.error ? r : open_directory(u);
}

static struct store_result open_beside(struct upload *u)
{
    struct store_result r = open_directory(u);
    struct publication p;
    struct stat st;

    if (r.error == STORE_NOT_FOUND && u->rules->create_directories)
        r = make_directories(u);
    if (r.error)
        return r;
    p = publication(u);
    r = publish_look(&p, &st);
    if (!r.error)
        r = permits(u->rules, &st);
    if (!r.error)
        r = publish_check(&p, &st);
    if (!r.error)
        r = open_temporary(u, &st);
    if (!r.error)
        u->slow = call_fs_kind(u->fd) == FS_OTHER;
    return r;
}

/* Another upload may have made directories of this name, and may remove them at its end while
 * they are empty. */
static struct store_result upload_begin_file(struct upload *u)
{
    enum { AGAIN = 8 };
    struct store_result r = permitted(u);

    if (r.error)
        return r;
    r = open_beside(u);
    for (int i = 0;
         i < AGAIN && r.error == STORE_NOT_FOUND && u->rules->create_directories; i++) {
        discard(u);
        r = open_beside(u);
    }
    return root_result(u->root, r);
}

static void run_begin(struct store_job *job)
{
    struct upload *u = upload_of(job);

    u->result = upload_begin_file(u);
    if (u->result.error)
        discard(u);
}

void upload_begin(struct workers *workers, struct upload *u)
{
    u->dir = -1;
    u->fd = -1;
    u->target = -1;
    u->made_in = (struct store_root){ .fd = -1 };
    u->size = 0;
    submit(workers, u, run_begin);
}

struct store_result upload_write(struct upload *u, const struct iovec *iov, int count,
                                 uint64_t offset)
{
    struct iov_list list = { iov, count };
    uint64_t end = add_sat(offset, iov_total(list));
    uint64_t moved;
    int err;

    KEDGE_ASSERT(u->fd >= 0);
    if (end > u->rules->max_bytes)
        return store_fail(STORE_TOO_LARGE, "larger than the limit of uploads");
    err = iov_all(u->fd, IOV_WRITE, list, offset, &moved);
    if (err)
        return store_errno(-err);
    u->size = max_u64(u->size, end);
    return store_ok();
}

static void run_write(struct store_job *job)
{
    struct upload *u = upload_of(job);

    u->result = upload_write(u, u->iov, u->count, u->offset);
}

void upload_write_later(struct workers *workers, struct upload *u,
                        const struct iovec *iov, int count, uint64_t offset)
{
    u->iov = iov;
    u->count = count;
    u->offset = offset;
    submit(workers, u, run_write);
}

static struct store_result size_fits(const struct upload *u)
{
    if (u->expected > 0 && u->size != u->expected)
        return store_fail(STORE_WRONG_SIZE, "its size differs from the announced one");
    return store_ok();
}

static struct store_result set_mode(const struct upload *u, const struct stat *old)
{
    return temp_set_mode(u->fd, S_ISREG(old->st_mode) ? old->st_mode : u->rules->mode);
}

static struct store_result flush_upload(const struct upload *u)
{
    return fsync(u->fd) < 0 ? store_errno(errno) : store_ok();
}

/* So that the new name survives a power cut. A directory that may be written but not read
 * cannot be opened for it: then the whole file system is flushed, as where directories were
 * made. Some file systems know no fsync of directories (EINVAL). */
static struct store_result flush_directory(const struct upload *u)
{
    int dir = openat(u->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = dir < 0 || u->made_in.fd >= 0 ? syncfs(u->fd) : fsync(dir);
    int err = failed && errno != EINVAL ? errno : 0;

    if (dir >= 0)
        close(dir);
    return err ? store_errno(err) : store_ok();
}

static struct store_result commit(const struct upload *u)
{
    struct publication p = publication(u);
    struct store_result r = size_fits(u);
    struct stat old;

    if (!r.error && u->target >= 0)
        return in_place_copy(u->target, u->fd, u->size);
    if (!r.error)
        r = publish_look(&p, &old);
    if (!r.error)
        r = permits(u->rules, &old);
    if (!r.error)
        r = set_mode(u, &old);
    if (!r.error)
        r = flush_upload(u);
    if (!r.error)
        r = place(&p);
    return r;
}

static void run_commit(struct store_job *job)
{
    struct upload *u = upload_of(job);

    u->result = commit(u);
    if (u->result.error) {
        discard(u);
        return;
    }
    if (u->target < 0)
        u->result = flush_directory(u);
    close_all(u);
}

void upload_commit(struct workers *workers, struct upload *u)
{
    KEDGE_ASSERT(u->fd >= 0);
    submit(workers, u, run_commit);
}

static void run_abort(struct store_job *job)
{
    discard(upload_of(job));
}

void upload_abort(struct workers *workers, struct upload *u)
{
    KEDGE_ASSERT(u->fd >= 0);
    submit(workers, u, run_abort);
}
