/* SPDX-License-Identifier: MIT */
/* An upload's file: read as it is sent, a pipe only as fast as it comes; hashed on the
 * way; checked before its last block leaves. */
#ifndef TRANSFER_SOURCE_H
#define TRANSFER_SOURCE_H

#include "file/local.h"
#include "transfer/file.h"

/* What is kept of a stream to be sent again bounds its window. */
#define FETCH_RING_MAX ((size_t)64 << 20)

struct fetch_source {
    struct fetch_file file;
    struct local_source local;
    uint8_t *ring;
    uint64_t hashed; /* bytes */
    struct sha256_ctx sum;
    const uint8_t *wanted; /* its SHA-256; NULL: any */
    char sum_text[FETCH_SUM_TEXT];
};

/* `window` blocks of `blksize` are the most that will be asked for again. path and wanted
 * are borrowed. fetch_source_close() in any case. */
struct fetch_source_options {
    const char *path;
    uint32_t window;
    uint32_t blksize;
    const uint8_t *wanted;
};
KEDGE_MUST_CHECK struct transfer_error
fetch_source_open(struct fetch_source *s, const struct fetch_source_options *options);
void fetch_source_close(struct fetch_source *s);

#endif
