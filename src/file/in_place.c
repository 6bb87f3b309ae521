/* SPDX-License-Identifier: MIT */
/* The nameless temporary file, and the copy of it into a file that is there. */
#include "file/in_place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define COPY_AT_ONCE ((size_t)1 << 20)

bool in_place_is_sticky(const struct in_place *p)
{
    struct stat dir;
    uid_t me = geteuid();

    return fstat(p->dir, &dir) == 0 && (dir.st_mode & S_ISVTX) && me != 0 &&
           dir.st_uid != me && p->st->st_uid != me;
}

/* On a disk where there is one, for an upload may be larger than memory. */
static int open_nameless(void)
{
    static const char *const dirs[] = { "/var/tmp", "/tmp" };

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        int fd = open(dirs[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        if (fd >= 0)
            return fd;
    }
    return memfd_create("kedge-upload", MFD_CLOEXEC);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static struct store_result open_target(const struct in_place *p, int *target)
{
    int fd = openat(p->dir, p->last, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat now;

    if (fd < 0)
        return store_errno(errno);
    if (fstat(fd, &now) == 0 && is_same(&now, p->st)) {
        *target = fd;
        return store_ok();
    }
    close(fd);
    return store_fail(STORE_BUSY, "the file was replaced while it was opened");
}

struct store_result in_place_open(const struct in_place *p, int *target, int *temp)
{
    struct store_result r = open_target(p, target);

    if (r.error)
        return r;
    *temp = open_nameless();
    if (*temp >= 0)
        return store_ok();
    r = store_errno(errno);
    close(*target);
    *target = -1;
    return r;
}

/* Blocks for what is to come, so that a full disk is seen while the file is unharmed. */
static int reserve(int fd, uint64_t size)
{
    if (size == 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) == 0)
        return 0;
    return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;
}

static int copy_all(int target, int temp, uint64_t size)
{
    off_t at = 0;

    if (lseek(target, 0, SEEK_SET) < 0)
        return -errno;
    while ((uint64_t)at < size) {
        uint64_t left = size - (uint64_t)at;
        ssize_t n = sendfile(target, temp, &at,
                             left < COPY_AT_ONCE ? (size_t)left : COPY_AT_ONCE);

        if (n == 0)
            return -EIO;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
    return ftruncate(target, (off_t)size) < 0 || fsync(target) < 0 ? -errno : 0;
}

struct store_result in_place_copy(int target, int temp, uint64_t size)
{
    int err = flock(target, LOCK_EX) < 0 && errno != EOPNOTSUPP ? -errno : 0;

    if (err == 0)
        err = reserve(target, size);
    if (err == 0)
        err = copy_all(target, temp, size);
    return err ? store_errno(-err) : store_ok();
}
