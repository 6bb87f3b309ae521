/* SPDX-License-Identifier: MIT */
/* A directory that is served, and names below it. Every name is resolved as if the directory
 * were the root of the file system (open_below.h): `..` stops there, an absolute symbolic
 * link means under it, and no spelling leads out. No decision is made by looking for `..` in a
 * string. What is outside is just not found, unless root_follow() allows links to lead there. */
#ifndef FILE_ROOT_H
#define FILE_ROOT_H

#include "file/error.h"

#include <sys/stat.h>

/* With its NUL. A request is a datagram of 512 bytes or little more. */
#define ROOT_NAME_ROOM 512

/* Names that begin so, in any part of a path, are kedge's own: temporary files of
 * uploads. They are neither served nor written by a peer's request. */
#define ROOT_OWN_PREFIX ".kedge-"

/* A name fit for the kernel: not empty, relative, single slashes. Its bytes are any but
 * NUL and `/`; no character set is assumed. */
struct root_name {
    char text[ROOT_NAME_ROOM];
};

struct store_follow;

struct store_root {
    int fd;              /* O_PATH */
    bool keep_backslash; /* `\` is a byte like any other, not a separator */
    bool walks;          /* names are walked part by part: openat2 is missing here */
    bool public_only;    /* only files that others may read (S_IROTH) */
    const struct store_follow *follow; /* NULL: no link leads out */
    char *path;                        /* the directory's own, of a root that follows */
};

/* Open the directory path. Errors: NOT_FOUND, DENIED, BUSY, IO. On failure *root is as it was. */
KEDGE_MUST_CHECK struct store_result root_open(struct store_root *root, const char *path);

void root_close(struct store_root *root);

/* From now on a name that is not there is looked for once more, where links may lead to the
 * directories of `follow` (file/follow.h), which outlives the root. path is the one that it
 * was opened by. Errors: as root_open(). */
KEDGE_MUST_CHECK struct store_result
root_follow(struct store_root *root, const char *path, const struct store_follow *follow);

/* `result`, of a name below root; but GONE where the root itself was removed, or its file system
 * went away: nobody can tell then what it held. Blocks: for a helper. */
KEDGE_MUST_CHECK struct store_result root_result(const struct store_root *root,
                                                 struct store_result result);

/* The same root once more, for who may need it when *root is closed. Errors: BUSY. */
KEDGE_MUST_CHECK struct store_result root_share(const struct store_root *root,
                                                struct store_root *out);

/* A peer's name, as it came, to one that can be opened: `\` becomes `/` (unless
 * keep_backslash), slashes in front are dropped, doubled ones made single. Error:
 * BAD_NAME. Pure. */
KEDGE_MUST_CHECK struct store_result root_name_parse(const struct store_root *root,
                                                     struct kedge_span raw,
                                                     struct root_name *out);

/* Open a regular file for reading. A FIFO, a device, a socket or a directory is DENIED,
 * without opening it, and so is a file that others may not read, of a root that is
 * public_only. Blocks: for a helper. On success the caller closes *fd, and *st is the file's.
 * Errors: NOT_FOUND, GONE, DENIED, BUSY, IO. */
KEDGE_MUST_CHECK struct store_result root_open_file(const struct store_root *root,
                                                    const struct root_name *name, int *fd,
                                                    struct stat *st);

/* Open for reading the directory name ("" is the root itself). Blocks. The caller closes
 * *fd. Errors: NOT_FOUND, DENIED, BUSY, IO. */
KEDGE_MUST_CHECK struct store_result
root_open_directory(const struct store_root *root, const struct root_name *name, int *fd);

/* Open, with O_PATH, the directory in which name's last component is, and say where in
 * name->text that component begins. Blocks: for a helper. The caller closes *dir.
 * Errors as above, and BAD_NAME where the last component is empty, `.` or `..`. */
KEDGE_MUST_CHECK struct store_result root_open_parent(const struct store_root *root,
                                                      const struct root_name *name,
                                                      int *dir, const char **last);

/* The same for the file that name stands for, where its last component is a symbolic link:
 * *name becomes the name that this leads to, below the root, through 40 links at most; or,
 * where links may lead out, the absolute path that they lead to. Errors as above, and DENIED
 * for a link to a directory. */
KEDGE_MUST_CHECK struct store_result root_open_target(const struct store_root *root,
                                                      struct root_name *name, int *dir,
                                                      const char **last);

/* The identity of what name stands for now, if the kernel can tell without waiting for a
 * disk, a network or another program: else, and on any error, false. For the loop. */
KEDGE_MUST_CHECK bool root_peek(const struct store_root *root,
                                const struct root_name *name, struct stat *st);

#endif
