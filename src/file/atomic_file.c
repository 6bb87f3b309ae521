/* SPDX-License-Identifier: MIT */
/* A stdio stream whose bytes go to a local_target. */
#include "file/atomic_file.h"

#include <errno.h>

/* stdio's write: 0 is a failure. Nothing is written behind a write that failed. */
static ssize_t write_through(void *cookie, const char *bytes, size_t len)
{
    struct atomic_file *f = cookie;
    const struct iovec iov = { (void *)(uintptr_t)bytes, len };

    if (!f->failed.error)
        f->failed = local_target_write(&f->target, &iov, 1, f->target.end);
    return f->failed.error ? 0 : (ssize_t)len;
}

struct store_result atomic_file_open(struct atomic_file *f, const char *path)
{
    const cookie_io_functions_t functions = { .write = write_through };
    struct store_result r;

    *f = (struct atomic_file){ .failed = store_ok() };
    r = local_target_open(&f->target, path);
    if (r.error)
        return r;
    f->out = fopencookie(f, "w", functions);
    if (f->out)
        return r;
    local_target_abort(&f->target);
    return store_errno(ENOMEM);
}

struct store_result atomic_file_commit(struct atomic_file *f)
{
    bool bad = fclose(f->out) != 0;

    f->out = NULL;
    if (bad && !f->failed.error)
        f->failed = store_errno(EIO);
    if (!f->failed.error)
        return local_target_commit(&f->target);
    local_target_abort(&f->target);
    return f->failed;
}

void atomic_file_drop(struct atomic_file *f)
{
    if (!f->out)
        return;
    /* What is still in the stream's memory goes nowhere. */
    f->failed = store_errno(ECANCELED);
    (void)fclose(f->out);
    f->out = NULL;
    local_target_abort(&f->target);
}
