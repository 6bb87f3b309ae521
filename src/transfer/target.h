/* SPDX-License-Identifier: MIT */
/* A download's file: what came, in order, through a buffer to its target; hashed on the
 * way; checked before it takes its name. */
#ifndef TRANSFER_TARGET_H
#define TRANSFER_TARGET_H

#include "file/local.h"
#include "transfer/file.h"

enum { FETCH_LENT_MAX = 32 };

struct fetch_target {
    struct fetch_file file;
    const char *path;
    struct local_target local;
    uint8_t *buffer;
    struct iovec held[FETCH_LENT_MAX]; /* to be written: the buffer's, or borrowed */
    int held_count;
    size_t held_bytes;
    uint64_t delivered; /* bytes of the file so far, held ones included */
    bool terminal;      /* standard output that is one: for text only */
    struct sha256_ctx sum;
    const uint8_t *wanted; /* its SHA-256; NULL: any */
    char sum_text[FETCH_SUM_TEXT];
};

/* path and wanted are borrowed. fetch_target_close() in any case: it leaves nothing behind
 * of what was not kept. */
KEDGE_MUST_CHECK struct transfer_error
fetch_target_open(struct fetch_target *t, const char *path, const uint8_t *wanted);
void fetch_target_close(struct fetch_target *t);

#endif
