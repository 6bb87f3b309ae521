/* SPDX-License-Identifier: MIT */
/* The steps of a walk: a part, a link, and where it is. */
#include "file/walk.h"

#include "file/open_plain.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* What of path lies below dir: "" is dir itself; NULL: it does not. */
static const char *below(const char *dir, const char *path)
{
    size_t len = strlen(dir);

    if (strncmp(dir, path, len) != 0 || (path[len] != '/' && path[len] != '\0'))
        return NULL;
    return path[len] ? path + len + 1 : path + len;
}

/* The directory that the walk is in, and its place there; NULL: it is in none. */
static const struct walk_dir *area_of(const struct walk *w, const char **place)
{
    *place = below(w->home.path, w->at);
    if (*place)
        return &w->home;
    for (size_t i = 0; i < w->count; i++) {
        *place = below(w->others[i].path, w->at);
        if (*place)
            return &w->others[i];
    }
    return NULL;
}

/* Outside, but a directory of ours is further down: nothing is opened on the way to it. */
static bool leads_on(const struct walk *w)
{
    if (below(w->at, w->home.path))
        return true;
    for (size_t i = 0; i < w->count; i++)
        if (below(w->at, w->others[i].path))
            return true;
    return false;
}

void walk_climb(struct walk *w)
{
    char *slash = strrchr(w->at, '/');

    if (slash)
        *slash = '\0';
}

/* The next part of what is left. False: there is none. */
static bool take_part(struct walk *w, char part[NAME_MAX + 1])
{
    size_t front = strspn(w->todo, "/");
    size_t len = strcspn(w->todo + front, "/");

    if (len == 0 || len > NAME_MAX)
        return false;
    memcpy(part, w->todo + front, len);
    part[len] = '\0';
    memmove(w->todo, w->todo + front + len, strlen(w->todo + front + len) + 1);
    return true;
}

/* A link of the kernel's own, to what a process has open. */
static bool is_magic(int fd, const char *text)
{
    struct statfs fs;

    return text[0] == '/' && fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* A link stands at the walk's place: its text is what is left, before the rest. */
static int follow_link(struct walk *w, int fd)
{
    char rest[PATH_MAX];
    ssize_t len = 0;

    memcpy(rest, w->todo, strlen(w->todo) + 1);
    len = readlinkat(fd, "", w->todo, sizeof w->todo);
    if (len < 0)
        return -errno;
    if ((size_t)len + strlen(rest) + 1 > sizeof w->todo)
        return -ENAMETOOLONG;
    memcpy(w->todo + len, rest, strlen(rest) + 1);
    if (is_magic(fd, w->todo))
        return -ELOOP;
    if (w->todo[0] == '/')
        w->at[0] = '\0';
    else
        walk_climb(w);
    return ++w->links > WALK_LINKS_MAX ? -ELOOP : 0;
}

/* What is at the walk's place: a link is followed, all else stays. Behind what is no directory
 * there is nothing. */
static int look_at_part(struct walk *w)
{
    const char *place = NULL;
    const struct walk_dir *area = area_of(w, &place);
    struct stat st;
    int err = 0;
    int fd = -1;

    if (!area)
        return leads_on(w) ? 0 : -ENOENT;
    if (!*place)
        return 0;
    fd = open_plain(area->fd, place, O_PATH | O_NOFOLLOW);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        err = -errno;
    else if (S_ISLNK(st.st_mode))
        err = follow_link(w, fd);
    else if (!S_ISDIR(st.st_mode) && w->todo[0])
        err = -ENOTDIR;
    close(fd);
    return err;
}

static int walk_step(struct walk *w, const char *part)
{
    size_t len = strlen(w->at);
    const char *place = NULL;

    if (strcmp(part, ".") == 0)
        return 0;
    if (strcmp(part, "..") == 0) {
        walk_climb(w);
        return area_of(w, &place) || leads_on(w) ? 0 : -ENOENT;
    }
    if (snprintf(w->at + len, sizeof w->at - len, "/%s", part) >=
        (int)(sizeof w->at - len))
        return -ENAMETOOLONG;
    return look_at_part(w);
}

int walk_name(struct walk *w, const char *name)
{
    char part[NAME_MAX + 1];
    int err = 0;

    if (strlen(name) >= sizeof w->todo || strlen(w->home.path) >= sizeof w->at)
        return -ENAMETOOLONG;
    memcpy(w->at, w->home.path, strlen(w->home.path) + 1);
    memcpy(w->todo, name, strlen(name) + 1);
    while (err == 0 && take_part(w, part))
        err = walk_step(w, part);
    return err == 0 && w->todo[strspn(w->todo, "/")] ? -ENAMETOOLONG : err;
}

int walk_open(const struct walk *w, int flags)
{
    const char *place = NULL;
    const struct walk_dir *area = area_of(w, &place);

    return area ? open_plain(area->fd, *place ? place : ".", flags) : -ENOENT;
}

int walk_in_root(int root, const char *path, int flags)
{
    char top[1] = "";
    struct walk w = { .home = { root, top } };
    int err = *path ? walk_name(&w, path) : -ENOENT;

    return err < 0 ? err : walk_open(&w, flags);
}
