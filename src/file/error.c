/* SPDX-License-Identifier: MIT */
/* The class and the text of an error of this room. */
#include "file/error.h"

#include <errno.h>

struct store_result store_ok(void)
{
    return (struct store_result){ .error = STORE_OK, .why = "" };
}

struct store_result store_fail(enum store_error error, const char *why)
{
    return (struct store_result){ .error = error, .why = why };
}

static const struct {
    int err;
    enum store_error error;
    const char *why;
} known[] = {
    { ENOENT, STORE_NOT_FOUND, "no such file" },
    { ENOTDIR, STORE_NOT_FOUND, "no such file: part of its path is not a directory" },
    { ELOOP, STORE_NOT_FOUND, "symbolic links in a circle" },
    { EXDEV, STORE_NOT_FOUND, "outside the root" },
    { ENAMETOOLONG, STORE_BAD_NAME, "name too long" },
    { EACCES, STORE_DENIED, "permission denied" },
    { EPERM, STORE_DENIED, "operation not permitted" },
    { EROFS, STORE_DENIED, "read-only file system" },
    { EBUSY, STORE_DENIED, "a mount point, which cannot be replaced" },
    { EISDIR, STORE_DENIED, "is a directory" },
    { EEXIST, STORE_EXISTS, "file exists" },
    { ENOSPC, STORE_FULL, "disk full" },
    { EDQUOT, STORE_FULL, "disk quota reached" },
    { EFBIG, STORE_TOO_LARGE, "too large for the file system or the process" },
    { EMFILE, STORE_BUSY, "too many open files in this process" },
    { ENFILE, STORE_BUSY, "too many open files in the system" },
    { ENOMEM, STORE_BUSY, "out of memory" },
    { EAGAIN, STORE_BUSY, "the directory tree kept changing" },
    { ESTALE, STORE_BUSY, "its file server was restarted" },
    { ETIMEDOUT, STORE_BUSY, "its disk or file server does not answer" },
    { ENOTCONN, STORE_BUSY, "its file server is not there" },
    { EHOSTDOWN, STORE_BUSY, "its file server is down" },
    { EHOSTUNREACH, STORE_BUSY, "its file server is not reached" },
    { EPIPE, STORE_IO, "the reader closed the pipe" },
};

struct store_result store_errno(int err)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].err == err)
            return (struct store_result){ known[i].error, err, known[i].why };
    return (struct store_result){ STORE_IO, err, "input or output failed" };
}
