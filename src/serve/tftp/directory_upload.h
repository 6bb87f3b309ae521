/* SPDX-License-Identifier: MIT */
/* One upload into the directory: blocks are gathered to large writes, and a slow file system
 * is written to by a helper, block by block. The functions answer as those of a provider do
 * (provider.h); it knows no name and no root but by file/upload.h. */
#ifndef SERVE_TFTP_DIRECTORY_UPLOAD_H
#define SERVE_TFTP_DIRECTORY_UPLOAD_H

#include "file/upload.h"
#include "serve/tftp/provider.h"

/* Bytes of an upload that are not written yet: blocks are gathered here, for a write of each
 * costs more than its copy. */
struct gathered {
    uint8_t *bytes; /* from the first block on */
    struct iovec iov;
    uint64_t offset;
    size_t len; /* 0: none */
};

struct directory_upload {
    /* Set by the caller before it is opened: of upload the root, rules, name and announced
     * size. */
    struct provided_file *file;
    struct workers *workers;
    struct upload upload;

    struct gathered gathered;
    bool open;    /* upload is */
    bool writing; /* a helper writes */
    bool commits; /* as soon as that is written */
};

KEDGE_MUST_CHECK struct store_result directory_upload_open(struct directory_upload *u);
KEDGE_MUST_CHECK struct store_result directory_upload_write(struct directory_upload *u,
                                                            struct kedge_span bytes,
                                                            uint64_t offset);
KEDGE_MUST_CHECK struct store_result directory_upload_commit(struct directory_upload *u);

/* Also of one that was never opened (all zero), which is OK. */
KEDGE_MUST_CHECK struct store_result directory_upload_close(struct directory_upload *u);

#endif
