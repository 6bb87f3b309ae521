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

static void note_unread(struct sweep_result *result, int err)
{
    result->unread++;
    if (result->err == 0)
        result->err = err;
}

static void sweep_directory(int dir, int depth, struct sweep_result *result);

/* What is gone by now, or no directory after all, holds nothing. */
static void sweep_below(int dir, const char *name, int depth, struct sweep_result *result)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0)
        sweep_directory(fd, depth + 1, result);
    else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        note_unread(result, errno);
}

static void sweep_entry(int dir, const struct dirent *entry, int depth,
                        struct sweep_result *result)
{
    result->seen++;
    if (temp_is_name(entry->d_name) && entry->d_type != DT_DIR) {
        sweep_file(dir, entry->d_name, result);
        return;
    }
    if (entry_may_be_directory(entry))
        sweep_below(dir, entry->d_name, depth, result);
}

/* The next entry. NULL: there is none, or errno says why it is not known. */
static const struct dirent *next_swept(DIR *list)
{
    errno = 0;
    return readdir(list);
}

/* Takes dir over. */
static void sweep_directory(int dir, int depth, struct sweep_result *result)
{
    bool deep = depth > DEPTH_MAX;
    DIR *list = deep ? NULL : fdopendir(dir);
    const struct dirent *entry = NULL;

    if (!list) {
        if (deep)
            result->cut = true;
        else
            note_unread(result, errno);
        close(dir);
        return;
    }
    while (result->seen < ENTRIES_MAX && (entry = next_swept(list)))
        sweep_entry(dir, entry, depth, result);
    if (result->seen >= ENTRIES_MAX)
        result->cut = true;
    else if (errno != 0)
        note_unread(result, errno);
    closedir(list);
}

struct sweep_result upload_sweep(const struct store_root *root)
{
    struct sweep_result result = { 0 };
    int dir = openat(root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir >= 0)
        sweep_directory(dir, 1, &result);
    else
        note_unread(&result, errno);
    return result;
}

void upload_sweep_add(struct sweep_result *sum, const struct sweep_result *more)
{
    sum->seen += more->seen;
    sum->removed += more->removed;
    sum->kept += more->kept;
    sum->cut = sum->cut || more->cut;
    sum->unread += more->unread;
    if (sum->err == 0)
        sum->err = more->err;
}
