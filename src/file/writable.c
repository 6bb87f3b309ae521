/* SPDX-License-Identifier: MIT */
/* The look for a directory that takes uploads, below a root that takes none. */
#include "file/writable.h"

#include "file/calls.h"
#include "file/open_plain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LEVELS_MAX 4
#define ENTRIES_MAX 10000u

struct search {
    char *path;
    size_t room;
    unsigned seen; /* entries */
};

static bool look_below(int dir, size_t length, unsigned level, struct search *s);

/* length: of the path to the directory dir. */
static bool look_at_entry(int dir, const char *name, size_t length, unsigned level,
                          struct search *s)
{
    size_t left = s->room - length;
    int n = snprintf(s->path + length, left, "%s%s", length > 0 ? "/" : "", name);
    int fd;

    if (n < 0 || (size_t)n >= left)
        return false;
    fd = open_near(dir, name, O_RDONLY | O_DIRECTORY);
    if (fd == -EXDEV)
        return true;
    if (fd == -EACCES) /* not to be read, but perhaps to be written */
        return faccessat(dir, name, W_OK | X_OK, AT_EACCESS) == 0;
    if (fd < 0)
        return false;
    if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0) {
        close(fd);
        return true;
    }
    return look_below(fd, length + (size_t)n, level + 1, s);
}

/* Takes dir over. */
static bool look_below(int dir, size_t length, unsigned level, struct search *s)
{
    DIR *list = level > LEVELS_MAX ? NULL : fdopendir(dir);
    const struct dirent *entry;
    bool found = false;

    if (!list) {
        close(dir);
        return false;
    }
    while (!found && s->seen++ < ENTRIES_MAX && (entry = readdir(list)))
        found = entry_may_be_directory(entry) &&
                look_at_entry(dir, entry->d_name, length, level, s);
    closedir(list);
    return found;
}

bool writable_below(int dir, char *path, size_t room)
{
    struct search s = { .path = path, .room = room };
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return copy >= 0 && look_below(copy, 0, 1, &s);
}
