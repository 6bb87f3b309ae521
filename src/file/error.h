/* SPDX-License-Identifier: MIT */
/* Errors of files: a class for the caller to act on, the errno behind it, and a few words
 * for the log. It knows no protocol: whoever answers a peer turns the class into an ERROR
 * code. */
#ifndef FILE_ERROR_H
#define FILE_ERROR_H

#include "kedge/base.h"

enum store_error {
    STORE_OK,
    STORE_LATER,      /* it would block: hand it to a helper (the job form) */
    STORE_NOT_FOUND,  /* absent, or outside the root */
    STORE_BAD_NAME,   /* empty, too long, with a NUL, or one of kedge's own names */
    STORE_DENIED,     /* permission, policy, or not a regular file */
    STORE_EXISTS,     /* policy create, and the name is taken */
    STORE_FULL,       /* disk or quota */
    STORE_TOO_LARGE,  /* larger than the limit of uploads, or of the file system */
    STORE_WRONG_SIZE, /* an upload's size is not the one that was announced */
    STORE_CHANGED,    /* the file was cut short while it was read */
    STORE_GONE,       /* the served directory itself: nothing can be said of its names */
    STORE_BUSY, /* at the moment: no descriptor, memory or slot; a file server is away */
    STORE_IO,   /* all else */
};

struct store_result {
    enum store_error error;
    int err;         /* errno, or 0 where none is behind it */
    const char *why; /* for the log: a constant text without names; "" when all is well */
};

/* All well. */
struct store_result store_ok(void);

/* A failure that no system call made. why must live for ever. */
struct store_result store_fail(enum store_error error, const char *why);

/* The failure that errno stands for; why is this room's text for its class. */
struct store_result store_errno(int err);

#endif
