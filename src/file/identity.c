/* SPDX-License-Identifier: MIT */
/* The identity of a file, taken from its stat and compared. */
#include "file/identity.h"

struct file_identity identity_of(const struct stat *st)
{
    return (struct file_identity){ .dev = st->st_dev,
                                   .ino = st->st_ino,
                                   .mtime_s = st->st_mtim.tv_sec,
                                   .mtime_ns = st->st_mtim.tv_nsec,
                                   .ctime_s = st->st_ctim.tv_sec,
                                   .ctime_ns = st->st_ctim.tv_nsec,
                                   .links = st->st_nlink,
                                   .size = (uint64_t)st->st_size };
}

bool identity_same_bytes(const struct file_identity *a, const struct file_identity *b)
{
    return a->ino == b->ino && a->dev == b->dev && a->size == b->size &&
           a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns;
}

bool identity_same(const struct file_identity *a, const struct file_identity *b)
{
    return identity_same_bytes(a, b) && a->ctime_s == b->ctime_s &&
           a->ctime_ns == b->ctime_ns;
}
