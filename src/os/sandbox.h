/* SPDX-License-Identifier: MIT */
/* Landlock: from sandbox_enter() on this process and its children reach the files that were
 * allowed before, and no others. Nor do they bind or connect TCP (ABI 4), nor signal or connect
 * by abstract name what is outside (ABI 6). What is open already stays open, and threads that
 * run already are not reached: it is entered before the first. It never widens. It filters no
 * system call: see os/call_filter.h. */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include "kedge/base.h"

#include <stddef.h>
#include <sys/types.h>

/* What may be done with what lies below a directory, or with a file. */
enum sandbox_use {
    SANDBOX_READ = 1,        /* files are read */
    SANDBOX_LIST = 2,        /* directories are read */
    SANDBOX_WRITE = 4,       /* files are written */
    SANDBOX_MAKE = 8,        /* and made */
    SANDBOX_REMOVE = 16,     /* and removed; with MAKE: renamed in their directory */
    SANDBOX_DIRECTORIES = 32 /* directories are made and removed */
};

#define SANDBOX_SERVES (SANDBOX_READ | SANDBOX_LIST)
#define SANDBOX_TAKES                                                                    \
    (SANDBOX_SERVES | SANDBOX_WRITE | SANDBOX_MAKE | SANDBOX_REMOVE | SANDBOX_DIRECTORIES)

struct sandbox_place {
    dev_t dev;
    ino_t ino;
    unsigned uses;
};

struct sandbox {
    int rules; /* until it is entered; -1: none */
    int abi;   /* of Landlock in this kernel; 0: there is none */
    bool entered;
    struct sandbox_place *places; /* that were allowed; owned */
    size_t count, room;
};

/* False: it is built with a sanitizer, whose run-time opens files and makes calls of its own. */
bool sandbox_is_possible(void);

/* Begin with nothing allowed. by_abstract_name: sockets outside are reached by their
 * abstract names all the same. 0 or -errno: ENOSYS, EOPNOTSUPP where the kernel has no Landlock. */
KEDGE_MUST_CHECK int sandbox_open(struct sandbox *s, bool by_abstract_name);

/* Allow `uses` of what is open as fd (O_PATH will do), which stays the caller's; of a file those
 * for files. 0 or -errno; EBADFD for what is in no file system, as a pipe, and is not held. */
KEDGE_MUST_CHECK int sandbox_allow(struct sandbox *s, int fd, unsigned uses);

/* The same by path. What is not there, or may not be looked for, is not allowed: 0. */
KEDGE_MUST_CHECK int sandbox_allow_path(struct sandbox *s, const char *path,
                                        unsigned uses);

/* The same of the directory that path's last component is in. */
KEDGE_MUST_CHECK int sandbox_allow_parent(struct sandbox *s, const char *path,
                                          unsigned uses);

/* From here on. Needs no_new_privs. 0 or -errno, and then nothing is confined. */
KEDGE_MUST_CHECK int sandbox_enter(struct sandbox *s);

/* Are `uses` allowed in the directory that is open as dir, by it or by one above it? True also
 * where no sandbox was entered. */
bool sandbox_reaches(const struct sandbox *s, int dir, unsigned uses);

/* It stays in force. */
void sandbox_close(struct sandbox *s);

#endif
