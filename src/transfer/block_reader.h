/* SPDX-License-Identifier: MIT */
/* A file as TFTP blocks: where the bytes of a block are, in octet mode and in netascii.
 * Server and client differ only in how they read: the server must not wait, the client
 * may; so the reading is the owner's function. */
#ifndef TRANSFER_BLOCK_READER_H
#define TRANSFER_BLOCK_READER_H

#include "kedge/tftp.h"
#include "file/error.h"

#include <sys/uio.h>

/* A stretch of a file, and where its bytes go. */
struct block_part {
    const struct iovec *iov; /* `want` bytes in all */
    int count;
    uint64_t offset;
    size_t want;
};

/* Read a part. *got is less than wanted only where the file ends. LATER and CHANGED as in
 * file/cache.h. */
typedef struct store_result block_read(void *file, const struct block_part *part,
                                       size_t *got);

/* Where those bytes lie, if they can be sent from there without being looked at; or NULL,
 * and then they are read. See cache_lend() in file/cache.h. */
typedef const uint8_t *block_lend(void *file, uint64_t offset, size_t len);

/* Where in a netascii file a block begins. */
struct text_place {
    uint64_t block;
    uint64_t offset; /* in the file */
    struct kedge_netascii state;
};

struct block_reader {
    block_read *read;
    block_lend *lend; /* NULL: all is read */
    void *file;
    uint64_t size; /* bytes; UINT64_MAX while it is not known */
    uint32_t blksize;
    bool netascii; /* in lock-step only: a window cannot go back by more than one block */
    struct text_place here;
    struct text_place after;
};

/* Frames of DATA packets, back to back: each a header and a block, all but the last of the
 * same length. Or, of lent bytes, two pieces each: a header in memory, a block elsewhere. */
struct data_packets {
    uint8_t *memory;
    size_t room;          /* bytes */
    struct iovec *pieces; /* room for 2 * FRAMES_AT_ONCE; NULL: bytes are not lent */
    bool lent;            /* pieces are filled */
    size_t len;           /* filled: bytes */
    uint64_t first;       /* blocks [first, end) */
    uint64_t end;
    bool last; /* block end - 1 is the file's last */
};

enum { FRAMES_AT_ONCE = 1024 }; /* the kernel's bound of iovecs a call */

/* The bytes of a whole frame. */
size_t block_reader_stride(const struct block_reader *c);

/* Make frames for blocks [first, end), or as many of them as there is room for, or as the
 * file has: at least one. Failures are those of the reading; frames are then undefined. */
KEDGE_MUST_CHECK struct store_result
block_reader_fill(struct block_reader *c, const struct kedge_tftp_action *blocks,
                  uint32_t rollover, struct data_packets *out);

#endif
