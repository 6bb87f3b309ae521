/* SPDX-License-Identifier: MIT */
/* A local file that the client writes: renamed into place when complete. */
#include "file/local.h"

#include "file/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct store_result through(struct local_target *t, int fd)
{
    if (fd < 0)
        return store_errno(errno);
    t->fd = fd;
    t->stream = true;
    return store_ok();
}

static struct store_result to_stdout(struct local_target *t)
{
    return through(t, fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
}

/* /dev/stdout, when output is redirected to a regular file: the shell's descriptor, its
 * position and its `>>` count, not the file's name. */
static bool is_stdout(const struct stat *st)
{
    struct stat out;

    return fstat(STDOUT_FILENO, &out) == 0 && out.st_dev == st->st_dev &&
           out.st_ino == st->st_ino;
}

/* The temporary file beside path, which leads through no symbolic link at its end. A mode
 * of 0 is that of a new file. */
static struct store_result beside(struct local_target *t, const char *path, mode_t mode)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    char parent[PATH_MAX] = ".";
    struct store_result r;

    if (*last == 0)
        return store_errno(EISDIR);
    if (strlen(last) >= sizeof t->last || strlen(path) >= sizeof parent)
        return store_errno(ENAMETOOLONG);
    if (slash)
        (void)snprintf(parent, sizeof parent, "%.*s", (int)(last - path), path);
    t->dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (t->dir < 0)
        return store_errno(errno);
    (void)snprintf(t->last, sizeof t->last, "%s", last);
    r = temp_create(t->dir, 0666, t->temp, &t->fd);
    return r.error || !mode ? r : temp_set_mode(t->fd, mode);
}

/* A memfd, or a deleted file, by its descriptor: nothing can be renamed over it. That it has
 * no link does not tell, for on some file systems (FUSE) no file has any: nor does its name
 * lead to it. */
static bool is_nameless(const char *path, const struct stat *st)
{
    char resolved[PATH_MAX];
    struct stat named;

    if (st->st_nlink > 0)
        return false;
    return !realpath(path, resolved) || stat(resolved, &named) < 0 ||
           named.st_dev != st->st_dev || named.st_ino != st->st_ino;
}

/* What it held goes when the first bytes have come, or the end: not for a file that is not to be
 * had. */
static struct store_result through_nameless(struct local_target *t, const char *path)
{
    t->empties = true;
    return through(t, open(path, O_WRONLY | O_CLOEXEC));
}

static int empty_once(struct local_target *t)
{
    bool empties = t->empties;

    t->empties = false;
    return empties && ftruncate(t->fd, 0) < 0 ? -errno : 0;
}

/* A file that its user cannot write is not replaced either. */
static struct store_result replace_file(struct local_target *t, const char *path,
                                        mode_t mode)
{
    char resolved[PATH_MAX];

    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0 || !realpath(path, resolved))
        return store_errno(errno);
    return beside(t, resolved, mode);
}

static struct store_result create(struct local_target *t, const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0)
        return store_fail(STORE_NOT_FOUND, "a symbolic link that leads nowhere");
    return beside(t, path, 0);
}

static struct store_result open_target(struct local_target *t, const char *path)
{
    struct stat st;

    if (strcmp(path, "-") == 0)
        return to_stdout(t);
    if (stat(path, &st) < 0)
        return errno == ENOENT ? create(t, path) : store_errno(errno);
    if (is_stdout(&st))
        return to_stdout(t);
    if (S_ISREG(st.st_mode) && is_nameless(path, &st))
        return through_nameless(t, path);
    if (S_ISREG(st.st_mode))
        return replace_file(t, path, st.st_mode);
    return through(t, open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC));
}

struct store_result local_target_open(struct local_target *t, const char *path)
{
    struct store_result r;

    *t = (struct local_target){ .fd = -1, .dir = -1 };
    r = open_target(t, path);
    if (r.error)
        local_target_abort(t);
    return r;
}

struct store_result local_target_write(struct local_target *t, const struct iovec *iov,
                                       int count, uint64_t offset)
{
    struct iov_list list = { iov, count };
    uint64_t moved;
    int err;

    KEDGE_ASSERT(!t->stream || offset == t->end);
    err = empty_once(t);
    if (err)
        return store_errno(-err);
    err = iov_all(t->fd, t->stream ? IOV_APPEND : IOV_WRITE, list, offset, &moved);
    if (offset + moved > t->end)
        t->end = offset + moved;
    return err ? store_errno(-err) : store_ok();
}

/* close() too can tell of a full disk: on a network's file system. */
struct store_result local_target_commit(struct local_target *t)
{
    int fd = t->fd;
    int err = -empty_once(t);

    t->fd = -1;
    if (close(fd) < 0 && !err)
        err = errno;
    if (!err && !t->stream && renameat(t->dir, t->temp, t->dir, t->last) < 0)
        err = errno;
    if (!err)
        t->temp[0] = 0;
    local_target_abort(t);
    return err ? store_errno(err) : store_ok();
}

void local_target_abort(struct local_target *t)
{
    if (t->temp[0] && t->dir >= 0)
        (void)unlinkat(t->dir, t->temp, 0);
    if (t->fd >= 0)
        close(t->fd);
    if (t->dir >= 0)
        close(t->dir);
    t->temp[0] = 0;
    t->fd = -1;
    t->dir = -1;
}
