/* SPDX-License-Identifier: MIT */
/* The sweep: removal of temporary files that a killed server left. */
#include "file/calls.h"
#include "file/temp.h"
#include "file/upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define ENTRIES_MAX 1000000u
#define DEPTH_MAX 32

/* An upload that lives holds the lock; a file system without locks keeps everything. */
static bool is_leftover(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
           flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void sweep_file(int dir, const char *name, struct sweep_result *result)
{
    int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = openat(dir, name, O_RDWR | flags);
    bool removed = false;

    if (fd < 0 && (errno == ELOOP || errno == ENOENT))
        return;
    if (fd >= 0) {
        removed = is_leftover(fd) && unlinkat(dir, name, 0) == 0;
        close(fd);
    }
    result->removed += removed;
    result->kept += !removed;
}

static void sweep_directory(int dir, int depth, struct sweep_result *result);

static void sweep_entry(int dir, const struct dirent *entry, int depth,
                        struct sweep_result *result)
{
    int fd;

    result->seen++;
    if (temp_is_name(entry->d_name) && entry->d_type != DT_DIR) {
        sweep_file(dir, entry->d_name, result);
        return;
    }
    if (!entry_may_be_directory(entry))
        return;
    fd = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        sweep_directory(fd, depth + 1, result);
}

/* Takes dir over. */
static void sweep_directory(int dir, int depth, struct sweep_result *result)
{
    DIR *list = depth > DEPTH_MAX ? NULL : fdopendir(dir);
    const struct dirent *entry;

    if (!list) {
        result->cut = true;
        close(dir);
        return;
    }
    while (result->seen < ENTRIES_MAX && (entry = readdir(list)))
        sweep_entry(dir, entry, depth, result);
    result->cut = result->cut || result->seen >= ENTRIES_MAX;
    closedir(list);
}

struct sweep_result upload_sweep(const struct store_root *root)
{
    struct sweep_result result = { 0 };
    int dir = openat(root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir >= 0)
        sweep_directory(dir, 1, &result);
    else
        result.cut = true;
    return result;
}
