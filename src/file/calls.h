/* SPDX-License-Identifier: MIT */
/* Wrappers of system calls that this room uses in one form only. */
#ifndef FILE_CALLS_H
#define FILE_CALLS_H

#include "kedge/base.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* fstat from what the kernel has at hand: it asks no server and no other program. Of *st
 * only device, inode, mode, links, size, mtime and ctime are set. 0 or -errno. */
KEDGE_MUST_CHECK int call_stat_now(int fd, struct stat *st);

/* Whether an open directory (O_PATH will do) was removed, or cannot even be asked, for its file
 * system went away. Blocks: for a helper. */
bool call_is_gone(int dir);

/* Whether another directory is where one that was removed was (as far as /proc and the rights
 * of this process tell). Blocks: for a helper. */
KEDGE_MUST_CHECK bool call_is_made_again(int dir);

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
