/* SPDX-License-Identifier: MIT */
/* What arrives, on its way to a file: bodies of DATA become bytes at an offset, through
 * netascii where that is the mode. The writing is the owner's function. */
#ifndef TRANSFER_BLOCK_WRITER_H
#define TRANSFER_BLOCK_WRITER_H

#include "kedge/tftp.h"
#include "file/error.h"

/* Write all of it at offset; offsets follow each other. STORE_LATER: it is taken, and is
 * stored later; no failure. */
typedef struct store_result block_write(void *file, struct kedge_span bytes,
                                        uint64_t offset);

struct block_writer {
    block_write *write;
    void *file;
    bool netascii;
    struct kedge_netascii state;
    uint64_t offset; /* bytes written: the file's size so far */
};

/* The next body of the file. Failures are those of the writing; STORE_LATER where one of
 * its writes said so. */
KEDGE_MUST_CHECK struct store_result block_writer_put(struct block_writer *t,
                                                      struct kedge_span body);

/* After the last body: what netascii still holds. Failures as above. */
KEDGE_MUST_CHECK struct store_result block_writer_end(struct block_writer *t);

#endif
