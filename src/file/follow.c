/* SPDX-License-Identifier: MIT */
/* Names whose links may lead to other directories. */
#include "file/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void cut_slashes(char *path)
{
    size_t len = strlen(path);

    while (len > 0 && path[len - 1] == '/')
        path[--len] = '\0';
}

static bool keep_directory(struct store_follow *f, int fd, char *path)
{
    if (!path)
        return false;
    cut_slashes(path);
    f->dirs[f->count++] = (struct walk_dir){ fd, path };
    return true;
}

struct store_result follow_add(struct store_follow *f, const char *path)
{
    int fd = -1;
    char *real = NULL;

    if (f->count + 2 > 2 * FOLLOW_DIRS_MAX)
        return store_fail(STORE_DENIED, "more directories than may be followed: 32");
    fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        return store_fail(STORE_DENIED, "not a directory");
    if (fd < 0)
        return store_errno(errno);
    real = realpath(path, NULL);
    if (!keep_directory(f, fd, real)) {
        close(fd);
        return store_errno(ENOMEM);
    }
    if (path[0] == '/' && !keep_directory(f, fd, strdup(path)))
        return store_errno(ENOMEM);
    return store_ok();
}

bool follow_is_again(const struct store_follow *f, size_t i)
{
    const struct walk_dir *dir = &f->dirs[i];

    return dir > f->dirs && dir->fd == dir[-1].fd;
}

void follow_close(struct store_follow *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (!follow_is_again(f, i))
            close(f->dirs[i].fd);
        free(f->dirs[i].path);
    }
    *f = (struct store_follow){ 0 };
}

/* A slash at its end, or a part of two dots. */
static bool climbs_or_ends_in_slash(const char *name)
{
    const char *end = name + strlen(name);

    if (end > name && end[-1] == '/')
        return true;
    for (const char *at = name; (at = strstr(at, "..")); at += 2)
        if ((at == name || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return true;
    return false;
}

static struct walk walk_from(const struct store_follow *f, struct walk_dir home)
{
    return (struct walk){ .home = home, .others = f->dirs, .count = f->count };
}

int follow_open(const struct store_follow *f, struct walk_dir home, const char *name,
                int flags)
{
    struct walk w = walk_from(f, home);
    int err = climbs_or_ends_in_slash(name) ? -ENOENT : walk_name(&w, name);

    return err < 0 ? err : walk_open(&w, flags);
}

int follow_open_parent(const struct store_follow *f, struct walk_dir home,
                       const char *name, struct follow_target *out)
{
    struct walk w = walk_from(f, home);
    int err = climbs_or_ends_in_slash(name) ? -ENOENT : walk_name(&w, name);

    if ((err < 0 && err != -ENOENT) || climbs_or_ends_in_slash(name) || w.todo[0])
        return err < 0 ? err : -ENOENT;
    if (!w.at[0])
        return -EISDIR;
    if (strlen(w.at) >= sizeof out->path)
        return -ENAMETOOLONG;
    memcpy(out->path, w.at, strlen(w.at) + 1);
    walk_climb(&w);
    out->last = strlen(w.at) + 1;
    return walk_open(&w, O_PATH | O_DIRECTORY);
}
