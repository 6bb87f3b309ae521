/* SPDX-License-Identifier: MIT */
/* The served directory: names below it. */
#include "file/root.h"

#include "base/bytes.h"
#include "file/calls.h"
#include "file/follow.h"
#include "file/open_below.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store_result root_open(struct store_root *root, const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int probe;

    if (fd < 0 && errno == ENOTDIR)
        return (struct store_result){ STORE_DENIED, ENOTDIR, "not a directory" };
    if (fd < 0)
        return store_errno(errno);
    probe = open_below(fd, ".", O_PATH | O_DIRECTORY);
    if (probe < 0) {
        close(fd);
        return store_errno(-probe);
    }
    close(probe);
    root->fd = fd;
    root->walks = open_below_walks(fd);
    root->public_only = false;
    root->follow = NULL;
    root->path = NULL;
    return store_ok();
}

void root_close(struct store_root *root)
{
    if (root->follow)
        free(root->path);
    root->follow = NULL;
    close(root->fd);
    root->fd = -1;
}

struct store_result root_follow(struct store_root *root, const char *path,
                                const struct store_follow *follow)
{
    char *real = realpath(path, NULL);

    if (!real)
        return store_errno(errno);
    if (strcmp(real, "/") == 0)
        real[0] = '\0'; /* as struct walk_dir has it */
    root->path = real;
    root->follow = follow;
    return store_ok();
}

/* By the root's own rule first; what that does not find a link may lead to. */
static int open_name(const struct store_root *root, const char *path, int flags)
{
    int fd = open_below(root->fd, path, flags);

    if (!root->follow || (fd != -ENOENT && fd != -ENOTDIR))
        return fd;
    return follow_open(root->follow, (struct walk_dir){ root->fd, root->path }, path,
                       flags);
}

static bool is_own(const char *component)
{
    return strncmp(component, ROOT_OWN_PREFIX, sizeof ROOT_OWN_PREFIX - 1) == 0;
}

static bool has_own_component(const char *path)
{
    for (const char *at = path; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (is_own(at))
            return true;
    }
    return false;
}

struct store_result root_name_parse(const struct store_root *root, struct kedge_span raw,
                                    struct root_name *out)
{
    size_t len = 0;
    bool slash = true; /* so that those in front are dropped */

    for (size_t i = 0; i < raw.len; i++) {
        char c = (char)raw.ptr[i];

        if (c == '\\' && !root->keep_backslash)
            c = '/';
        if (c == 0)
            return store_fail(STORE_BAD_NAME, "the name contains a NUL");
        if (c == '/' && slash)
            continue;
        if (len + 1 >= sizeof out->text)
            return store_fail(STORE_BAD_NAME, "name too long");
        slash = c == '/';
        out->text[len++] = c;
    }
    out->text[len] = 0;
    if (len == 0)
        return store_fail(STORE_BAD_NAME, "no name");
    if (has_own_component(out->text))
        return store_fail(STORE_BAD_NAME, "the name is reserved for temporary files");
    return store_ok();
}

struct store_result root_result(const struct store_root *root, struct store_result result)
{
    bool may_be = result.error == STORE_NOT_FOUND || result.error == STORE_BUSY ||
                  result.error == STORE_IO;

    if (!may_be || !call_is_gone(root->fd))
        return result;
    result.error = STORE_GONE;
    result.why =
        call_is_made_again(root->fd)
            ? "the served directory was removed and made again; kedge has the old one"
            : "the served directory is gone";
    return result;
}

/* Looked at before it is opened: even to open a FIFO or a device can have an effect. */
static struct store_result look_up_root(const struct store_root *root, const char *path)
{
    struct stat st = { 0 };
    int fd = open_name(root, path, O_PATH);
    int err = fd < 0 ? -fd : 0;

    if (fd >= 0) {
        err = fstat(fd, &st) < 0 ? errno : 0;
        close(fd);
    }
    if (err)
        return store_errno(err);
    if (!S_ISREG(st.st_mode))
        return store_fail(STORE_DENIED, "not a regular file");
    return store_ok();
}

static struct store_result open_regular(const struct store_root *root,
                                        const struct root_name *name, int *fd,
                                        struct stat *st)
{
    struct store_result r = look_up_root(root, name->text);
    int opened;

    if (r.error)
        return r;
    opened = open_name(root, name->text, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (opened < 0)
        return store_errno(-opened);
    if (fstat(opened, st) < 0)
        r = store_errno(errno);
    else if (!S_ISREG(st->st_mode))
        r = store_fail(STORE_DENIED, "not a regular file");
    else if (root->public_only && !(st->st_mode & S_IROTH))
        r = store_fail(STORE_DENIED, "others may not read the file (mode o+r)");
    if (r.error)
        close(opened);
    else
        *fd = opened;
    return r;
}

struct store_result root_open_file(const struct store_root *root,
                                   const struct root_name *name, int *fd, struct stat *st)
{
    return root_result(root, open_regular(root, name, fd, st));
}

struct store_result root_open_directory(const struct store_root *root,
                                        const struct root_name *name, int *fd)
{
    const char *path = *name->text ? name->text : ".";
    int opened = open_name(root, path, O_RDONLY | O_DIRECTORY);

    if (opened < 0)
        return store_errno(-opened);
    *fd = opened;
    return store_ok();
}

struct store_result root_open_parent(const struct store_root *root,
                                     const struct root_name *name, int *dir,
                                     const char **last)
{
    struct root_name parent = { "." };
    const char *slash = strrchr(name->text, '/');
    const char *tail = slash ? slash + 1 : name->text;
    int fd;

    if (*tail == 0 || strcmp(tail, ".") == 0 || strcmp(tail, "..") == 0)
        return store_fail(STORE_BAD_NAME, "the path has no file name at its end");
    if (slash) {
        memcpy(parent.text, name->text, (size_t)(slash - name->text));
        parent.text[slash - name->text] = 0;
    }
    fd = open_name(root, parent.text, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return store_errno(-fd);
    *dir = fd;
    *last = tail;
    return store_ok();
}

static bool is_directory(const struct store_root *root, const struct root_name *name)
{
    int fd = open_below(root->fd, name->text, O_PATH | O_DIRECTORY);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* The name of a link becomes the one that is written in it; `last` begins within name. */
static struct store_result read_link(const struct store_root *root, int dir,
                                     const char *last, struct root_name *name)
{
    struct store_root as_it_is = { .fd = root->fd, .keep_backslash = true };
    char text[2 * ROOT_NAME_ROOM];
    size_t front = (size_t)(last - name->text);
    ssize_t len;

    if (is_directory(root, name))
        return store_fail(STORE_DENIED, "a link to a directory");
    memcpy(text, name->text, front);
    len = readlinkat(dir, last, text + front, sizeof text - front);
    if (len < 0)
        return store_errno(errno);
    if ((size_t)len == sizeof text - front)
        return store_errno(ENAMETOOLONG);
    if (text[front] == '/')
        return root_name_parse(
            &as_it_is, (struct kedge_span){ (uint8_t *)text + front, (size_t)len }, name);
    return root_name_parse(
        &as_it_is, (struct kedge_span){ (uint8_t *)text, front + (size_t)len }, name);
}

static bool is_link(int dir, const char *last)
{
    struct stat st;

    return fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

static struct store_result open_target_below(const struct store_root *root,
                                             struct root_name *name, int *dir,
                                             const char **last)
{
    for (int links = 0; links <= WALK_LINKS_MAX; links++) {
        struct store_result r = root_open_parent(root, name, dir, last);

        if (r.error || !is_link(*dir, *last))
            return r;
        r = read_link(root, *dir, *last, name);
        close(*dir);
        *dir = -1;
        if (r.error)
            return r;
    }
    return store_errno(ELOOP);
}

_Static_assert(FOLLOW_PATH_ROOM == ROOT_NAME_ROOM, "a target's path may become a name");

/* Where links lead out; then *name is the absolute path of the target. */
static struct store_result open_target_beyond(const struct store_root *root,
                                              struct root_name *name, int *dir,
                                              const char **last)
{
    struct walk_dir home = { root->fd, root->path };
    struct follow_target target;
    struct stat st;
    int fd = follow_open_parent(root->follow, home, name->text, &target);

    if (fd < 0)
        return store_errno(-fd);
    if (has_own_component(target.path) ||
        (fstatat(fd, target.path + target.last, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(st.st_mode))) {
        close(fd);
        return store_fail(STORE_DENIED, "a link to a directory, or to a reserved name");
    }
    memcpy(name->text, target.path, sizeof target.path);
    *dir = fd;
    *last = name->text + target.last;
    return store_ok();
}

static bool name_is_there(int dir, const char *last)
{
    struct stat st;

    return last && fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* As a read finds it: below the root first, then where links lead out. A file that is nowhere
 * yet is made below the root, if it can be. */
struct store_result root_open_target(const struct store_root *root,
                                     struct root_name *name, int *dir, const char **last)
{
    struct root_name beyond = *name;
    const char *last_beyond = NULL;
    int dir_beyond = -1;
    struct store_result r = open_target_below(root, name, dir, last);
    bool made_new = r.error == STORE_OK && !name_is_there(*dir, *last);

    if (!root->follow || (r.error != STORE_NOT_FOUND && !made_new))
        return r;
    if (open_target_beyond(root, &beyond, &dir_beyond, &last_beyond).error != STORE_OK)
        return r;
    if (made_new && !name_is_there(dir_beyond, last_beyond)) {
        close(dir_beyond);
        return r;
    }
    if (made_new)
        close(*dir);
    *last = name->text + (last_beyond - beyond.text);
    *name = beyond;
    *dir = dir_beyond;
    return store_ok();
}

struct store_result root_share(const struct store_root *root, struct store_root *out)
{
    struct store_root copy = *root;

    copy.fd = fcntl(root->fd, F_DUPFD_CLOEXEC, 3);
    if (copy.fd < 0)
        return store_errno(errno);
    copy.path = root->follow ? strdup(root->path) : NULL;
    if (root->follow && !copy.path) {
        close(copy.fd);
        return store_errno(ENOMEM);
    }
    *out = copy;
    return store_ok();
}

bool root_peek(const struct store_root *root, const struct root_name *name,
               struct stat *st)
{
    int fd = open_below_at_once(root->fd, name->text, O_PATH);
    int err;

    if (fd < 0)
        return false;
    err = call_stat_now(fd, st);
    close(fd);
    return err == 0;
}
