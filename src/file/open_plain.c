/* SPDX-License-Identifier: MIT */
/* Paths without links, by the kernel or by steps of one part. */
#include "file/open_plain.h"

#include "file/openat2.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define PLAIN (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

static bool is_link(int dir, const char *part)
{
    struct stat st;

    return fstatat(dir, part, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

/* One part. What is opened is never a link, but by O_PATH and O_NOFOLLOW. */
static int open_part(int dir, const char *part, int flags)
{
    struct stat st;
    int fd;

    if (strcmp(part, "..") == 0)
        return -EXDEV;
    fd = openat(dir, part, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        return is_link(dir, part) ? -ELOOP : -ENOTDIR;
    if (fd < 0)
        return -errno;
    if ((flags & O_PATH) && !(flags & O_NOFOLLOW) &&
        (fstat(fd, &st) < 0 || S_ISLNK(st.st_mode))) {
        close(fd);
        return -ELOOP;
    }
    return fd;
}

/* Its end takes the flags; what leads there are directories. */
static int open_by_parts(int dir, const char *path, int flags)
{
    char part[NAME_MAX + 1];
    int at = dir;

    for (;;) {
        size_t len = strcspn(path, "/");
        const char *rest = path + len + strspn(path + len, "/");
        bool ends = *rest == '\0' && path[len] == '\0';
        int next = len > NAME_MAX ? -ENAMETOOLONG : 0;

        if (len == 0)
            next = *path == '/' ? -EXDEV : -ENOENT;
        if (next == 0) {
            memcpy(part, path, len);
            part[len] = '\0';
            next = open_part(at, part, ends ? flags : O_PATH | O_DIRECTORY);
        }
        if (at != dir)
            close(at);
        if (next < 0 || ends)
            return next;
        at = next;
        path = *rest ? rest : ".";
    }
}

int open_plain(int dir, const char *path, int flags)
{
    int fd = openat2_tried(dir, path, flags, PLAIN, OPENAT2_TRIES);

    return openat2_is_missing(fd) ? open_by_parts(dir, path, flags) : fd;
}

/* What is mounted there is not asked. */
static int open_near_by_parts(int dir, const char *name, int flags)
{
    int how = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
    struct statx here, there;

    if (statx(dir, name, how, STATX_TYPE, &there) < 0 ||
        statx(dir, "", how | AT_EMPTY_PATH, STATX_TYPE, &here) < 0)
        return -errno;
    if (here.stx_dev_major != there.stx_dev_major ||
        here.stx_dev_minor != there.stx_dev_minor)
        return -EXDEV;
    return open_by_parts(dir, name, flags);
}

int open_near(int dir, const char *name, int flags)
{
    int fd = openat2_tried(dir, name, flags, PLAIN | RESOLVE_NO_XDEV, OPENAT2_TRIES);

    return openat2_is_missing(fd) ? open_near_by_parts(dir, name, flags) : fd;
}
