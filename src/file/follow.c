/* SPDX-License-Identifier: MIT */
/* The walk of a name whose links may lead to other directories. */
#include "file/follow.h"

#include "file/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One name under way. */
struct walk {
    const struct store_follow *follow;
    struct follow_dir home;
    char at[PATH_MAX];   /* where it is: absolute, no link in it; "" is / */
    char todo[PATH_MAX]; /* what is left */
    unsigned links;
};

static void cut_slashes(char *path)
{
    size_t len = strlen(path);

    while (len > 0 && path[len - 1] == '/')
        path[--len] = '\0';
}

static bool keep(struct store_follow *f, int fd, char *path)
{
    if (!path)
        return false;
    cut_slashes(path);
    f->dirs[f->count++] = (struct follow_dir){ fd, path };
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
    if (!keep(f, fd, real)) {
        close(fd);
        return store_errno(ENOMEM);
    }
    if (path[0] == '/' && !keep(f, fd, strdup(path)))
        return store_errno(ENOMEM);
    return store_ok();
}

void follow_close(struct store_follow *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (i == 0 || f->dirs[i].fd != f->dirs[i - 1].fd)
            close(f->dirs[i].fd);
        free(f->dirs[i].path);
    }
    *f = (struct store_follow){ 0 };
}

/* What of path lies below dir: "" is dir itself; NULL: it does not. */
static const char *below(const char *dir, const char *path)
{
    size_t len = strlen(dir);

    if (strncmp(dir, path, len) != 0 || (path[len] != '/' && path[len] != '\0'))
        return NULL;
    return path[len] ? path + len + 1 : path + len;
}

/* The directory that the walk is in, and its place there; NULL: it is in none. */
static const struct follow_dir *area_of(const struct walk *w, const char **place)
{
    *place = below(w->home.path, w->at);
    if (*place)
        return &w->home;
    for (size_t i = 0; i < w->follow->count; i++) {
        *place = below(w->follow->dirs[i].path, w->at);
        if (*place)
            return &w->follow->dirs[i];
    }
    return NULL;
}

/* Outside, but a directory of ours is further down: nothing is opened on the way to it. */
static bool leads_on(const struct walk *w)
{
    if (below(w->at, w->home.path))
        return true;
    for (size_t i = 0; i < w->follow->count; i++)
        if (below(w->at, w->follow->dirs[i].path))
            return true;
    return false;
}

static void climb(struct walk *w)
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
    if (w->todo[0] == '/')
        w->at[0] = '\0';
    else
        climb(w);
    return ++w->links > FOLLOW_LINKS_MAX ? -ELOOP : 0;
}

/* What is at the walk's place: a link is followed, all else stays. */
static int look(struct walk *w)
{
    const char *place = NULL;
    const struct follow_dir *area = area_of(w, &place);
    struct stat st;
    int err = 0;
    int fd = -1;

    if (!area)
        return leads_on(w) ? 0 : -ENOENT;
    if (!*place)
        return 0;
    fd = call_open_plain(area->fd, place, O_PATH | O_NOFOLLOW);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        err = -errno;
    else if (S_ISLNK(st.st_mode))
        err = follow_link(w, fd);
    close(fd);
    return err;
}

static int step(struct walk *w, const char *part)
{
    size_t len = strlen(w->at);
    const char *place = NULL;

    if (strcmp(part, ".") == 0)
        return 0;
    if (strcmp(part, "..") == 0) {
        climb(w);
        return area_of(w, &place) || leads_on(w) ? 0 : -ENOENT;
    }
    if (snprintf(w->at + len, sizeof w->at - len, "/%s", part) >=
        (int)(sizeof w->at - len))
        return -ENAMETOOLONG;
    return look(w);
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

/* Go as far as the name leads. 0 or -errno; -ENOENT also with the last part, which alone is
 * not there, at its place. */
static int walk_name(struct walk *w, const char *name)
{
    char part[NAME_MAX + 1];
    int err = 0;

    if (climbs_or_ends_in_slash(name) || strlen(name) >= sizeof w->todo ||
        strlen(w->home.path) >= sizeof w->at)
        return -EINVAL;
    memcpy(w->at, w->home.path, strlen(w->home.path) + 1);
    memcpy(w->todo, name, strlen(name) + 1);
    while (err == 0 && take_part(w, part))
        err = step(w, part);
    return err;
}

int follow_open(const struct store_follow *f, struct follow_dir home, const char *name,
                int flags)
{
    struct walk w = { .follow = f, .home = home };
    const struct follow_dir *area = NULL;
    const char *place = NULL;
    int err = walk_name(&w, name);

    if (err < 0)
        return err == -EINVAL ? -ENOENT : err;
    area = area_of(&w, &place);
    if (!area || w.todo[strspn(w.todo, "/")])
        return -ENOENT;
    return call_open_plain(area->fd, *place ? place : ".", flags);
}

int follow_open_parent(const struct store_follow *f, struct follow_dir home,
                       const char *name, struct follow_target *out)
{
    struct walk w = { .follow = f, .home = home };
    const struct follow_dir *area = NULL;
    const char *place = NULL;
    int err = walk_name(&w, name);

    if ((err < 0 && err != -ENOENT) || w.todo[0])
        return err < 0 && err != -EINVAL ? err : -ENOENT;
    if (strlen(w.at) >= sizeof out->path)
        return -ENAMETOOLONG;
    memcpy(out->path, w.at, strlen(w.at) + 1);
    climb(&w);
    area = area_of(&w, &place);
    if (!area)
        return -ENOENT;
    out->last = strlen(w.at) + 1;
    return call_open_plain(area->fd, *place ? place : ".", O_PATH | O_DIRECTORY);
}
