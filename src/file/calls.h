/* SPDX-License-Identifier: MIT */
/* Wrappers of system calls that this room uses in one form only. */
#ifndef FILE_CALLS_H
#define FILE_CALLS_H

#include "kedge/base.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* openat2 below root, as if root were `/`, without magic links; O_CLOEXEC is added.
 * cached_only: fail with -EAGAIN rather than wait for a disk or another program. A
 * descriptor, or -errno. A rename elsewhere in the tree makes the kernel give up
 * (EAGAIN): that is tried again a few times. */
KEDGE_MUST_CHECK int call_open_below(int root, const char *path, int flags,
                                     bool cached_only);

/* openat2 of a path below dir that has no symbolic link in it, not even at its end, and no
 * `..`; O_CLOEXEC is added. A link that an O_NOFOLLOW and O_PATH open meets at the end is
 * opened itself. A descriptor, or -errno (ELOOP: there is a link). */
KEDGE_MUST_CHECK int call_open_plain(int dir, const char *path, int flags);

/* The same of a name in dir that is on its file system (EXDEV: another one is mounted there,
 * and was not asked). */
KEDGE_MUST_CHECK int call_open_near(int dir, const char *name, int flags);

/* fstat from what the kernel has at hand: it asks no server and no other program. Of *st
 * only device, inode, mode, links, size, mtime and ctime are set. 0 or -errno. */
KEDGE_MUST_CHECK int call_stat_now(int fd, struct stat *st);

/* Whether an open directory (O_PATH will do) was removed, or cannot even be asked, for its file
 * system went away. Blocks: for a helper. */
bool call_is_gone(int dir);

/* What kind of file system an open file is on. */
enum fs_kind {
    FS_MEMORY, /* nothing to wait for */
    FS_LOCAL,  /* a disk of this machine behind the page cache */
    FS_OTHER,  /* a network, another program, or unknown: each call may wait */
};
enum fs_kind call_fs_kind(int fd);

/* Another directory than `.` and `..`, or of a kind that the file system does not tell. */
bool entry_may_be_directory(const struct dirent *entry);

enum iov_way {
    IOV_READ,   /* at an offset, until the end of the file */
    IOV_WRITE,  /* at an offset */
    IOV_APPEND, /* a stream: where it stands; offset counts for nothing */
};

struct iov_list {
    const struct iovec *v;
    int count;
};

uint64_t iov_total(struct iov_list list);

/* Move all of it, in as many calls as that takes. *moved is what was moved, on failure
 * too. 0, also when a file ended early; or -errno. May block. */
KEDGE_MUST_CHECK int iov_all(int fd, enum iov_way way, struct iov_list list,
                             uint64_t offset, uint64_t *moved);

#endif
