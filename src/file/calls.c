/* SPDX-License-Identifier: MIT */
/* Wrappers of system calls that this room uses in one form only. */
#include "file/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

int call_stat_now(int fd, struct stat *st)
{
    struct statx now;
    unsigned want = STATX_TYPE | STATX_MODE | STATX_INO | STATX_SIZE | STATX_MTIME |
                    STATX_CTIME | STATX_NLINK;

    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, want, &now) < 0)
        return -errno;
    *st = (struct stat){ .st_dev = makedev(now.stx_dev_major, now.stx_dev_minor),
                         .st_ino = now.stx_ino,
                         .st_mode = now.stx_mode,
                         .st_nlink = now.stx_nlink,
                         .st_size = (off_t)now.stx_size };
    st->st_mtim.tv_sec = now.stx_mtime.tv_sec;
    st->st_mtim.tv_nsec = now.stx_mtime.tv_nsec;
    st->st_ctim.tv_sec = now.stx_ctime.tv_sec;
    st->st_ctim.tv_nsec = now.stx_ctime.tv_nsec;
    return 0;
}

/* Of a directory with one name only its number of links does not tell, on some file systems
 * (overlayfs): then a list of what is in it cannot be begun. */
static bool has_no_list(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char few[1]; /* too few for any entry: a directory that is there says EINVAL */
    bool none;

    if (fd < 0)
        return false;
    none = syscall(SYS_getdents64, fd, few, sizeof few) < 0 && errno == ENOENT;
    close(fd);
    return none;
}

bool call_is_gone(int dir)
{
    struct stat st;

    if (fstat(dir, &st) < 0)
        return errno != ENOMEM;
    return st.st_nlink == 0 || (st.st_nlink == 1 && has_no_list(dir));
}

bool call_is_made_again(int dir)
{
    static const char deleted[] = " (deleted)";
    char link[32], where[PATH_MAX];
    struct stat st;
    ssize_t len;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    len = readlinkat(AT_FDCWD, link, where, sizeof where - 1);
    if (len <= (ssize_t)sizeof deleted - 1)
        return false;
    where[len] = '\0';
    if (strcmp(where + len - (sizeof deleted - 1), deleted) != 0)
        return false;
    where[len - (ssize_t)(sizeof deleted - 1)] = '\0';
    return stat(where, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Those that <linux/magic.h> does not name. */
#define MAGIC_ZFS 0x2fc12fc1
#define MAGIC_BCACHEFS 0xca451a4e

enum fs_kind call_fs_kind(int fd)
{
    struct statfs fs;

    if (fstatfs(fd, &fs) < 0)
        return FS_OTHER;
    switch ((uint32_t)fs.f_type) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
        return FS_MEMORY;
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case MSDOS_SUPER_MAGIC:
    case EXFAT_SUPER_MAGIC:
    case MAGIC_ZFS:
    case MAGIC_BCACHEFS:
    case OVERLAYFS_SUPER_MAGIC:
        return FS_LOCAL;
    default:
        return FS_OTHER;
    }
}

bool entry_may_be_directory(const struct dirent *entry)
{
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return false;
    return entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
}

uint64_t iov_total(struct iov_list list)
{
    uint64_t total = 0;

    for (int i = 0; i < list.count; i++)
        total += list.v[i].iov_len;
    return total;
}

static ssize_t move_some(int fd, enum iov_way way, struct iov_list list, off_t offset)
{
    if (way == IOV_READ)
        return preadv(fd, list.v, list.count, offset);
    if (way == IOV_WRITE)
        return pwritev(fd, list.v, list.count, offset);
    return writev(fd, list.v, list.count);
}

/* Standard output may be a pipe that its other owner made non-blocking. */
static bool try_again(int fd, enum iov_way way)
{
    struct pollfd out = { .fd = fd, .events = POLLOUT };

    if (errno == EAGAIN && way == IOV_APPEND)
        return poll(&out, 1, -1) >= 0 || errno == EINTR;
    return errno == EINTR;
}

/* Step over what is done: whole elements, and `skip` bytes of the next. */
static void settle_vectors(struct iov_list *list, size_t *skip)
{
    while (list->count > 0 && *skip >= list->v->iov_len) {
        *skip -= list->v->iov_len;
        list->v++;
        list->count--;
    }
}

int iov_all(int fd, enum iov_way way, struct iov_list list, uint64_t offset,
            uint64_t *moved)
{
    size_t skip = 0;

    *moved = 0;
    for (settle_vectors(&list, &skip); list.count > 0; settle_vectors(&list, &skip)) {
        struct iovec part = { (uint8_t *)list.v->iov_base + skip,
                              list.v->iov_len - skip };
        struct iov_list next = skip > 0 ? (struct iov_list){ &part, 1 } : list;
        ssize_t n;

        if (next.count > IOV_MAX)
            next.count = IOV_MAX;
        n = move_some(fd, way, next, (off_t)(offset + *moved));
        if (n < 0 && try_again(fd, way))
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        *moved += (size_t)n;
        skip += (size_t)n;
    }
    return 0;
}
