/* SPDX-License-Identifier: MIT */
/* A file that a peer sends: it appears under its name whole, or not at all. Bytes go to
 * `.kedge-<random>` in the target's own directory; commit makes them safe on the disk and
 * gives them the name in one step. Until then, and after any failure, what had the name
 * before is there, readable and unharmed.
 *
 * Where the last component of a name is a symbolic link, `create` fails with EXISTS; the
 * other policies write the file that it leads to, below the root or where its links may lead
 * (root_follow), by a rename beside that file, and the link stays. A link to a directory is DENIED, as are a directory, FIFO or
 * device, and a file that cannot be replaced (a mount point, immutable). Who may write the
 * directory may replace its files, as rename has it: a file's own mode does not protect it.
 *
 * Under create_directories those of its name that are not there are made first; a failure
 * removes them again, unless another file has come there.
 *
 * In a directory that may not be written no temporary file can be made beside the target.
 * Under in_place such an upload goes to a nameless temporary file elsewhere (/var/tmp, /tmp,
 * or memory), and commit copies it into the file that is there, once it is complete: its
 * owner, mode and links stay. Room is reserved first where the file system can (NFS cannot,
 * and a full disk there leaves a part). Else only a reader in these moments, a crash, or a
 * failing disk can see a part of it.
 *
 * The life of an upload, all calls on the loop's thread:
 *     upload_begin  -> done(): failed, or open
 *     upload_write or upload_write_later, any number
 *     upload_commit -> done(): failed, or there        | both leave nothing behind and
 *     upload_abort  -> done()                          | end it
 * One job at a time: nothing may be called between a job's start and its done(). A failed
 * begin ends it too; a failed write does not: then comes upload_abort(). */
#ifndef FILE_UPLOAD_H
#define FILE_UPLOAD_H

#include "file/root.h"
#include "file/temp.h"
#include "os/workers.h"

#include <sys/uio.h>

enum upload_policy {
    UPLOAD_REFUSE,    /* none at all */
    UPLOAD_CREATE,    /* only names that are free */
    UPLOAD_OVERWRITE, /* replaces, and creates */
    UPLOAD_VERSION,   /* the old file is kept as NAME.~N~, N one above the highest */
};

#define UPLOAD_NO_LIMIT UINT64_MAX
#define UPLOAD_MODE 0644

struct upload_rules {
    enum upload_policy policy;
    uint32_t mode;      /* of a file that replaces none; else that of the replaced one */
    uint64_t max_bytes; /* UPLOAD_NO_LIMIT: none */
    bool existing_only; /* a name that is free is NOT_FOUND */
    bool create_directories; /* those of its name are made (file/directories.h) */
    bool public_only;        /* a file that others may not write (S_IWOTH) is DENIED */
    bool in_place; /* where a directory cannot be written, its files can: see above */
};

struct upload {
    /* Set by the caller before upload_begin(); pointers live as long as the upload. */
    const struct store_root *root;
    const struct upload_rules *rules;
    struct root_name *name; /* becomes the one that its links lead to */
    uint32_t group;         /* of its jobs: os/workers.h */
    uint64_t expected;      /* the announced size, in octet mode; 0 is unknown */
    void (*done)(struct upload *upload); /* on the loop's thread, after each job */

    /* Read by the caller. */
    struct store_result result; /* of the last job: valid in done() */
    bool slow; /* once open: a network's or a program's file system; write by job */

    /* Private to file/. */
    struct store_job job;
    int dir;    /* O_PATH; -1 when not open */
    int target; /* in place: the file that is written at the end; -1: it is replaced */
    int fd;
    struct store_root
        made_in; /* has `made` new directories of this name; or its fd is -1 */
    unsigned made;
    const char *last; /* the name's last component */
    uint64_t size;    /* the highest offset written, or the size to commit */
    const struct iovec *iov;
    int count;
    uint64_t offset;
    char temp[TEMP_ROOM];
};

/* Resolve the directory, apply the policy, make the temporary file. Errors: NOT_FOUND
 * (the directory), GONE, BAD_NAME, DENIED, EXISTS, TOO_LARGE (the announced size), FULL,
 * BUSY, IO. */
void upload_begin(struct workers *workers, struct upload *upload);

/* Write at offset, into the page cache: no wait for the disk but for the kernel's limit
 * of unwritten pages. All or nothing counts as written. Errors, at once: FULL (ENOSPC,
 * EDQUOT), TOO_LARGE (the limit, EFBIG), IO. The process must ignore SIGXFSZ. */
KEDGE_MUST_CHECK struct store_result
upload_write(struct upload *upload, const struct iovec *iov, int count, uint64_t offset);

/* The same by a helper; iov and its bytes stay until done(). */
void upload_write_later(struct workers *workers, struct upload *upload,
                        const struct iovec *iov, int count, uint64_t offset);

/* The file is complete. Checks that what was written is what was announced, then fsync,
 * rename (create: one that replaces nothing), fsync of the directory. Errors: WRONG_SIZE,
 * EXISTS, DENIED, FULL, BUSY, IO. On failure the temporary file is gone, and what had the name
 * has it still; but where only the last fsync failed, the file is there and its survival
 * of a power cut is not known. The mode is that of a regular file that is replaced. */
void upload_commit(struct workers *workers, struct upload *upload);

/* Give up: remove the temporary file. result is as it was before. */
void upload_abort(struct workers *workers, struct upload *upload);

struct sweep_result {
    uint64_t seen;    /* directory entries */
    uint64_t removed; /* leftovers */
    uint64_t kept;   /* leftovers in use by a living upload, or that may not be removed */
    bool cut;        /* the tree is larger or deeper than the bounds */
    uint64_t unread; /* directories that could not be read, or not to their end */
    int err;         /* errno of the first of them; 0: there is none */
};

/* Remove what uploads left behind in a crash: regular files named `.kedge-` and 16 hex
 * digits, that no living process holds (each upload locks its own), in the whole tree
 * below root, links not followed. At most 1,000,000 entries, 32 levels. Blocks: at start,
 * or in a job of the caller's. */
struct sweep_result upload_sweep(const struct store_root *root);

/* Of two trees. */
void upload_sweep_add(struct sweep_result *sum, const struct sweep_result *more);

#endif
