/* SPDX-License-Identifier: MIT */
/* openat2 with RESOLVE_IN_ROOT, and the walk in its place. */
#include "file/open_below.h"

#include "file/openat2.h"
#include "file/walk.h"

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

#define IN_ROOT (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)

int open_below(int root, const char *path, int flags)
{
    int fd = openat2_tried(root, path, flags, IN_ROOT, OPENAT2_TRIES);

    return openat2_is_missing(fd) ? walk_in_root(root, path, flags) : fd;
}

int open_below_at_once(int root, const char *path, int flags)
{
    int fd = openat2_tried(root, path, flags, IN_ROOT | RESOLVE_CACHED, 1);

    return openat2_is_missing(fd) ? -EAGAIN : fd;
}

bool open_below_walks(int root)
{
    int fd = openat2_tried(root, ".", O_PATH, IN_ROOT, OPENAT2_TRIES);

    if (fd >= 0)
        close(fd);
    return openat2_is_missing(fd);
}
