/* SPDX-License-Identifier: MIT */
/* The rename that gives a complete upload its name. */
#include "file/publish.h"

#include "base/bytes.h"
#include "base/number.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

#define VERSION_MAX 999999999u
#define VERSION_TRIES 1000

struct store_result publish_look(const struct publication *p, struct stat *st)
{
    if (fstatat(p->dir, p->last, st, AT_SYMLINK_NOFOLLOW) < 0) {
        *st = (struct stat){ 0 };
        return errno == ENOENT ? store_ok() : store_errno(errno);
    }
    if (p->policy == UPLOAD_CREATE)
        return store_errno(EEXIST);
    if (!S_ISREG(st->st_mode))
        return store_fail(STORE_DENIED, "the existing target is not a regular file");
    return store_ok();
}

/* For who waits until a new file was written and closed: a link is nothing of the kind. */
static void tell_watchers(const struct publication *p, const char *name)
{
    int fd = openat(p->dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
}

static int link_to_free(const struct publication *p, const char *to)
{
    if (linkat(p->dir, p->temp, p->dir, to, 0) < 0)
        return -errno;
    (void)unlinkat(p->dir, p->temp, 0);
    tell_watchers(p, to);
    return 0;
}

/* 0 or -errno, of a move that replaces nothing. Some file systems have no such rename
 * (NFS), and some old filters of containers forbid it; others have no links (FAT). */
static int move_to_free(const struct publication *p, const char *to)
{
    if (renameat2(p->dir, p->temp, p->dir, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM && errno != EOPNOTSUPP)
        return -errno;
    return link_to_free(p, to);
}

static struct store_result result_of(int err)
{
    return err ? store_errno(-err) : store_ok();
}

/* The N of `last.~N~`, or 0. */
static uint64_t version_number(const char *name, const char *last)
{
    struct kedge_span s = span_of(name);
    size_t front = strlen(last);
    uint64_t n;

    if (s.len < front + 4 || memcmp(name, last, front) != 0)
        return 0;
    if (memcmp(name + front, ".~", 2) != 0 || s.ptr[s.len - 1] != '~')
        return 0;
    s = (struct kedge_span){ s.ptr + front + 2, s.len - front - 3 };
    return decimal(s, VERSION_MAX - VERSION_TRIES, &n) ? n : 0;
}

/* 0 too where the directory cannot be listed: then numbers are tried one by one. */
static uint64_t highest_version(const struct publication *p)
{
    int fd = openat(p->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    uint64_t highest = 0;

    if (!list) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    while ((entry = readdir(list)))
        highest = max_u64(highest, version_number(entry->d_name, p->last));
    closedir(list);
    return highest;
}

/* For file systems that cannot exchange: the old file gets a second name first. */
static int keep_by_link(const struct publication *p, const char *version)
{
    int err;

    if (linkat(p->dir, p->last, p->dir, version, 0) < 0)
        return -errno;
    if (renameat(p->dir, p->temp, p->dir, p->last) == 0)
        return 0;
    err = -errno;
    (void)unlinkat(p->dir, version, 0);
    return err;
}

/* The new file first becomes the version, and then both change names: whatever happens
 * in between or beside it, no file is lost, and the name is never without one. */
static int keep_by_exchange(const struct publication *p, const char *version)
{
    int err = move_to_free(p, version);

    if (err)
        return err;
    if (renameat2(p->dir, version, p->dir, p->last, RENAME_EXCHANGE) == 0)
        return 0;
    err = -errno;
    (void)renameat(p->dir, version, p->dir, p->temp);
    return err == -EINVAL || err == -ENOSYS ? keep_by_link(p, version) : err;
}

/* False: too long for a file system. */
static bool version_name(const struct publication *p, uint64_t n,
                         char version[static NAME_MAX + 1])
{
    return snprintf(version, NAME_MAX + 1, "%s.~%llu~", p->last, (unsigned long long)n) <=
           NAME_MAX;
}

static struct store_result cannot_be_replaced(const struct publication *p)
{
    int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    struct statx now;

    if (statx(p->dir, p->last, flags, STATX_TYPE, &now) < 0)
        return store_ok(); /* it went meanwhile, or the kernel cannot tell */
    if (now.stx_attributes & STATX_ATTR_MOUNT_ROOT)
        return store_errno(EBUSY);
    if (now.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND))
        return store_fail(STORE_DENIED, "the file is immutable");
    return store_ok();
}

struct store_result publish_check(const struct publication *p, const struct stat *st)
{
    char version[NAME_MAX + 1];
    bool keeps = p->policy == UPLOAD_VERSION;

    if (st->st_mode == 0)
        return store_ok();
    if (keeps && !version_name(p, VERSION_MAX, version) &&
        !version_name(p, highest_version(p) + 1, version))
        return store_errno(ENAMETOOLONG);
    return cannot_be_replaced(p);
}

static struct store_result publish_version(const struct publication *p)
{
    uint64_t n = highest_version(p);

    for (int i = 0; i < VERSION_TRIES; i++) {
        char version[NAME_MAX + 1];
        int err = move_to_free(p, p->last);

        if (err != -EEXIST)
            return result_of(err);
        n++;
        if (!version_name(p, n, version))
            return store_errno(ENAMETOOLONG);
        err = keep_by_exchange(p, version);
        /* The number was taken meanwhile, or the file went away. */
        if (err != -EEXIST && err != -ENOENT)
            return result_of(err);
    }
    return store_fail(STORE_BUSY, "no free version number");
}

struct store_result place(const struct publication *p)
{
    switch (p->policy) {
    case UPLOAD_CREATE:
        return result_of(move_to_free(p, p->last));
    case UPLOAD_OVERWRITE:
        return result_of(renameat(p->dir, p->temp, p->dir, p->last) < 0 ? -errno : 0);
    case UPLOAD_VERSION:
        return publish_version(p);
    default:
        return store_fail(STORE_DENIED, "uploads are off");
    }
}
