/* SPDX-License-Identifier: MIT */
/* The copy in memory of a small file, and of one that is made when it is read. */
#include "file/cache_copy.h"

#include "base/number.h"
#include "file/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Files of procfs refuse a read of megabytes. Less than one piece is the end. */
static int read_pieces(int fd, uint8_t *to, size_t room, uint64_t *got)
{
    uint64_t moved = CACHE_COPY_MAX;
    int err = 0;

    for (*got = 0; !err && *got < room && moved == CACHE_COPY_MAX; *got += moved) {
        struct iovec v = { to + *got, (size_t)min_u64(room - *got, CACHE_COPY_MAX) };

        err = iov_all(fd, IOV_READ, (struct iov_list){ &v, 1 }, *got, &moved);
    }
    return err;
}

/* Read to the end into f->copy, of this room; *got is less where it ended. */
static struct store_result read_copy(struct cached_file *f, size_t room, uint64_t *got)
{
    uint8_t *copy = malloc(room);
    int err = copy ? read_pieces(f->fd, copy, room, got) : -ENOMEM;

    if (err) {
        free(copy);
        return store_errno(-err);
    }
    f->copy = copy;
    return store_ok();
}

void cache_forget_copy(struct cached_file *f)
{
    free(f->copy);
    f->copy = NULL;
}

/* It says that it is empty, or has fewer bytes than it says though it is as it was. */
static struct store_result copy_made(struct cached_file *f)
{
    uint64_t got = 0;
    struct store_result r = read_copy(f, CACHE_MADE_MAX + 1, &got);
    uint8_t *less;

    if (r.error)
        return r;
    if (got > CACHE_MADE_MAX) {
        cache_forget_copy(f);
        return store_fail(STORE_DENIED,
                          "too large for a file that does not say its size");
    }
    less = realloc(f->copy, (size_t)got + 1);
    if (less)
        f->copy = less;
    f->is_made = true;
    f->size = got;
    return store_ok();
}

static bool has_byte(const struct cached_file *f)
{
    char byte;

    return pread(f->fd, &byte, 1, 0) == 1;
}

/* Nobody has written it since it was opened. */
static bool is_as_it_was(const struct cached_file *f)
{
    struct file_identity now;
    struct stat st;

    if (fstat(f->fd, &st) < 0)
        return false;
    now = identity_of(&st);
    return identity_same(&now, &f->id);
}

struct store_result cache_copy(struct cached_file *f)
{
    uint64_t got = 0;

    if (f->size == 0)
        return has_byte(f) ? copy_made(f) : store_ok();
    if (f->size > CACHE_COPY_MAX || read_copy(f, (size_t)f->size, &got).error ||
        got == f->size)
        return store_ok();
    cache_forget_copy(f);
    return is_as_it_was(f) ? copy_made(f) : store_ok();
}
