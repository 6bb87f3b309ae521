/* SPDX-License-Identifier: MIT */
/* One upload into the directory: blocks are gathered to large writes, and a slow file system
 * is written to by a helper, block by block. The functions answer as those of a provider do
 * (provider.h); it knows no name and no root but by file/upload.h. */
#ifndef SERVE_TFTP_DIRECTORY_UPLOAD_H
#define SERVE_TFTP_DIRECTORY_UPLOAD_H

#include "file/upload.h"
#include "serve/tftp/provider.h"

/* Bytes of an upload that are not written yet: blocks are gathered here, for a write of each
 * costs more than its copy. The memory comes with the first of them, and goes when they are
 * written: an upload that stands still must not cost much. */
struct gathered {
    uint8_t *bytes; /* NULL: none */
    struct iovec iov;
    uint64_t offset;
    size_t len; /* 0: none */
};

/* Uploads that have such memory, the one that got bytes longest ago first; at most so many,
 * 16 MiB. Another's first block writes out what the oldest has. Those of a slow file system are
 * not among them: they keep their memory for the time of a write only. */
enum { GATHERERS_MAX = 256 };

struct gatherers {
    struct directory_upload *oldest, *newest;
    uint32_t count;
};

struct directory_upload {
    /* Set by the caller before it is opened: of upload the root, rules, name and announced
     * size. */
    struct provided_file *file;
    struct workers *workers;
    struct gatherers *gatherers; /* of all uploads of the directory */
    struct upload upload;
    void (*opened)(struct provided_file *file); /* it is, or has failed: the root is not
                                                   needed any more */

    struct gathered gathered;
    struct directory_upload *older, *newer; /* among the gatherers */
    struct store_result failed; /* what another wrote out for it; the next call says so */
    bool open;                  /* upload is */
    bool writing;               /* a helper writes */
    bool commits;               /* as soon as that is written */
};

KEDGE_MUST_CHECK struct store_result directory_upload_open(struct directory_upload *u);
KEDGE_MUST_CHECK struct store_result directory_upload_write(struct directory_upload *u,
                                                            struct kedge_span bytes,
                                                            uint64_t offset);
KEDGE_MUST_CHECK struct store_result directory_upload_commit(struct directory_upload *u);

/* Also of one that was never opened (all zero), which is OK. */
KEDGE_MUST_CHECK struct store_result directory_upload_close(struct directory_upload *u);

#endif
