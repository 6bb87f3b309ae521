/* SPDX-License-Identifier: MIT */
/* Bytes of a file that were not in memory: a helper reads them, and the block that wanted
 * them takes them when it is asked for again. One reading at a time; it knows no transfer. */
#ifndef SERVE_TFTP_COLD_READ_H
#define SERVE_TFTP_COLD_READ_H

#include "file/cache.h"
#include "transfer/block_reader.h"

struct cold_read {
    struct cache_reading reading;
    struct iovec iov; /* owned */
    uint64_t offset;
    size_t want; /* 0: nothing is */
    size_t len;  /* of iov that is read; 0: none */

    /* The caller's, on the loop's thread: a reading that was begun is over. */
    void (*done)(struct cold_read *c, struct store_result result);
};

/* Fill the part from what was read. False: not all of it is there. */
KEDGE_MUST_CHECK bool cold_read_copy(const struct cold_read *c,
                                     const struct block_part *part);

/* Begin to read the part of file, which stays open until done(). LATER, and done() follows;
 * or BUSY (no memory). What was read before is forgotten. */
KEDGE_MUST_CHECK struct store_result cold_read_begin(struct cold_read *c,
                                                     struct workers *workers,
                                                     struct cached_file *file,
                                                     const struct block_part *part);

/* Free what was read. Not while a reading is under way. */
void cold_read_forget(struct cold_read *c);

#endif
