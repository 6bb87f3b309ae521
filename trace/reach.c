/* SPDX-License-Identifier: MIT */
/* Reading a program's file: its mode and capabilities, its ELF header, or its "#!". */
#include "trace/reach.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPTS 4       /* interpreters that are scripts themselves */
#define SEGMENTS 512    /* program headers that are read */
#define SCRIPT_LINE 256 /* bytes of "#! ..." that are read */

/* ---- which file ---- */

static int can_run(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
        return -EACCES;
    return 0;
}

static int try_path(char out[PATH_MAX], int len, const char *folder, const char *command)
{
    char path[PATH_MAX];
    int n = len > 0 ? snprintf(path, sizeof path, "%.*s/%s", len, folder, command)
                    : snprintf(path, sizeof path, "%s", command);
    int err = n < 0 || (size_t)n >= sizeof path ? -ENAMETOOLONG : can_run(path);

    if (!err)
        memcpy(out, path, (size_t)n + 1);
    return err;
}

int reach_find(const char *command, char out[PATH_MAX])
{
    const char *folder = getenv("PATH");
    int found = -ENOENT;

    if (!*command)
        return -ENOENT;
    if (strchr(command, '/'))
        return try_path(out, 0, "", command);
    for (folder = folder ? folder : "/usr/bin:/bin"; folder;) {
        size_t len = strcspn(folder, ":");
        int err = try_path(out, (int)len, folder, command); /* none is the present one */

        if (!err)
            return 0;
        if (err == -EACCES)
            found = err;
        folder = folder[len] ? folder + len + 1 : NULL;
    }
    return found;
}

/* ---- what it is ---- */

static bool is_privileged(int fd, const char *path)
{
    struct statvfs mount;
    struct stat st;

    if (fstat(fd, &st) < 0 || (statvfs(path, &mount) == 0 && mount.f_flag & ST_NOSUID))
        return false;
    return (st.st_mode & S_ISUID && st.st_uid != geteuid()) ||
           (st.st_mode & S_ISGID && st.st_gid != getegid()) ||
           (geteuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0);
}

static bool read_header(int fd, ElfW(Ehdr) * out)
{
    return pread(fd, out, sizeof *out, 0) == (ssize_t)sizeof *out &&
           memcmp(out->e_ident, ELFMAG, SELFMAG) == 0;
}

static bool is_of_this_machine(const ElfW(Ehdr) * header)
{
    ElfW(Ehdr) own;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool same = fd < 0 || !read_header(fd, &own) ||
                (own.e_machine == header->e_machine &&
                 own.e_ident[EI_CLASS] == header->e_ident[EI_CLASS]);

    if (fd >= 0)
        close(fd);
    return same;
}

static bool has_loader(int fd, const ElfW(Ehdr) * header)
{
    ElfW(Phdr) segment;

    for (unsigned i = 0; i < header->e_phnum && i < SEGMENTS; i++) {
        off_t at = (off_t)header->e_phoff + (off_t)i * header->e_phentsize;

        if (pread(fd, &segment, sizeof segment, at) == (ssize_t)sizeof segment &&
            segment.p_type == PT_INTERP)
            return true;
    }
    return false;
}

/* The interpreter's path in "#! /bin/sh -e", within line; NULL if it is no script. */
static char *interpreter(int fd, char line[SCRIPT_LINE + 1])
{
    ssize_t n = pread(fd, line, SCRIPT_LINE, 0);
    char *path = line + 2;

    if (n < 3 || line[0] != '#' || line[1] != '!')
        return NULL;
    line[n] = 0;
    path += strspn(path, " \t");
    path[strcspn(path, " \t\r\n")] = 0;
    return path;
}

static enum reach reach_of_elf(int fd, const char *path)
{
    ElfW(Ehdr) header;

    if (is_privileged(fd, path))
        return REACH_PRIVILEGED;
    if (!read_header(fd, &header))
        return REACH_YES;
    if (!is_of_this_machine(&header))
        return REACH_MACHINE;
    return has_loader(fd, &header) ? REACH_YES : REACH_STATIC;
}

enum reach reach_of(const char *path)
{
    char line[SCRIPT_LINE + 1], next[SCRIPT_LINE + 1];
    enum reach reach = REACH_YES;
    const char *script;
    int fd;

    for (int i = 0; i < SCRIPTS; i++) {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) /* a program may be run, but not read */
            return REACH_YES;
        script = interpreter(fd, line);
        reach = script ? REACH_YES : reach_of_elf(fd, path);
        close(fd);
        if (!script)
            break;
        path = memcpy(next, script, strlen(script) + 1);
    }
    return reach;
}
