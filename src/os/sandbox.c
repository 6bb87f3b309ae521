/* SPDX-License-Identifier: MIT */
/* Landlock by its bare system calls. The C library has none, and older headers lack newer rights. */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset /* one number everywhere */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum { RULESET_VERSION = 1, DEPTH_MAX = 4096 };

/* <linux/landlock.h> of today; an older kernel takes it where what it does not know is 0. */
struct rights {
    uint64_t files;
    uint64_t tcp;
    uint64_t scoped;
};

#define BIT(n) (UINT64_C(1) << (n))
#define FILES_ABI_1 (BIT(13) - 1)
#define FILES_REFER BIT(13)     /* ABI 2: moves to another directory */
#define FILES_TRUNCATE BIT(14)  /* 3 */
#define FILES_IOCTL_DEV BIT(15) /* 5 */
#define TCP_BIND_CONNECT (BIT(0) | BIT(1))
#define SCOPED_ABSTRACT BIT(0)
#define SCOPED_SIGNAL BIT(1)

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||               \
    __has_feature(memory_sanitizer)
#define SANITIZED true
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

bool sandbox_is_possible(void)
{
    return !SANITIZED;
}

/* All that this kernel can refuse. */
static struct rights known_rights(int abi, bool by_abstract_name)
{
    struct rights r = { .files = FILES_ABI_1 };

    if (abi >= 2)
        r.files |= FILES_REFER;
    if (abi >= 3)
        r.files |= FILES_TRUNCATE;
    if (abi >= 4)
        r.tcp = TCP_BIND_CONNECT;
    if (abi >= 5)
        r.files |= FILES_IOCTL_DEV;
    if (abi >= 6)
        r.scoped = SCOPED_SIGNAL | (by_abstract_name ? 0 : SCOPED_ABSTRACT);
    return r;
}

int sandbox_open(struct sandbox *s, bool by_abstract_name)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, RULESET_VERSION);
    struct rights all;
    long fd;

    *s = (struct sandbox){ .rules = -1 };
    if (abi <= 0)
        return abi < 0 ? -errno : -EOPNOTSUPP;
    all = known_rights((int)abi, by_abstract_name);
    fd = syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0u);
    if (fd < 0)
        return -errno;
    s->abi = (int)abi;
    s->rules = (int)fd;
    return 0;
}

static uint64_t rights_of(const struct sandbox *s, unsigned uses, bool directory)
{
    uint64_t r = 0;

    if (uses & SANDBOX_READ)
        r |= LANDLOCK_ACCESS_FS_READ_FILE;
    if (uses & SANDBOX_WRITE)
        r |= LANDLOCK_ACCESS_FS_WRITE_FILE | (s->abi >= 3 ? FILES_TRUNCATE : 0);
    if (!directory)
        return r;
    if (uses & SANDBOX_LIST)
        r |= LANDLOCK_ACCESS_FS_READ_DIR;
    if (uses & SANDBOX_MAKE)
        r |= LANDLOCK_ACCESS_FS_MAKE_REG;
    if (uses & SANDBOX_REMOVE)
        r |= LANDLOCK_ACCESS_FS_REMOVE_FILE;
    if (uses & SANDBOX_DIRECTORIES)
        r |= LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR;
    return r;
}

static int keep_place(struct sandbox *s, const struct stat *st, unsigned uses)
{
    size_t room = s->room ? 2 * s->room : 16;
    struct sandbox_place *places = s->places;

    if (s->count == s->room) {
        places = realloc(s->places, room * sizeof *places);
        if (!places)
            return -ENOMEM;
        s->places = places;
        s->room = room;
    }
    places[s->count++] = (struct sandbox_place){ st->st_dev, st->st_ino, uses };
    return 0;
}

int sandbox_allow(struct sandbox *s, int fd, unsigned uses)
{
    struct landlock_path_beneath_attr rule = { .parent_fd = fd };
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    rule.allowed_access = rights_of(s, uses, S_ISDIR(st.st_mode));
    if (rule.allowed_access == 0)
        return 0;
    if (syscall(SYS_landlock_add_rule, s->rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0u) <
        0)
        return -errno;
    return keep_place(s, &st, uses);
}

int sandbox_allow_path(struct sandbox *s, const char *path, unsigned uses)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    int err;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
    err = sandbox_allow(s, fd, uses);
    close(fd);
    return err;
}

int sandbox_allow_parent(struct sandbox *s, const char *path, unsigned uses)
{
    const char *slash = strrchr(path, '/');
    char dir[PATH_MAX] = ".";

    if (slash && slash - path + 1 >= (ptrdiff_t)sizeof dir)
        return 0;
    if (slash) {
        memcpy(dir, path, (size_t)(slash - path) + 1);
        dir[slash - path + 1] = '\0';
    }
    return sandbox_allow_path(s, dir, uses);
}

int sandbox_enter(struct sandbox *s)
{
    if (syscall(SYS_landlock_restrict_self, s->rules, 0u) < 0)
        return -errno;
    close(s->rules);
    s->rules = -1;
    s->entered = true;
    return 0;
}

static unsigned uses_of(const struct sandbox *s, const struct stat *st)
{
    unsigned uses = 0;

    for (size_t i = 0; i < s->count; i++)
        if (s->places[i].dev == st->st_dev && s->places[i].ino == st->st_ino)
            uses |= s->places[i].uses;
    return uses;
}

/* The kernel adds up what is allowed on the way to the root of all. */
bool sandbox_reaches(const struct sandbox *s, int dir, unsigned uses)
{
    struct stat below = { 0 };
    unsigned found = 0;
    int at = s->entered ? openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

    for (int i = 0; i < DEPTH_MAX && at >= 0 && (found & uses) != uses; i++) {
        struct stat st = { 0 };
        bool top = fstat(at, &st) < 0 ||
                   (st.st_dev == below.st_dev && st.st_ino == below.st_ino);
        int up = top ? -1 : openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

        close(at);
        at = up;
        found |= uses_of(s, &st);
        below = st;
    }
    if (at >= 0)
        close(at);
    return !s->entered || (found & uses) == uses;
}

void sandbox_close(struct sandbox *s)
{
    if (s->rules >= 0)
        close(s->rules);
    free(s->places);
    *s = (struct sandbox){ .rules = -1 };
}
