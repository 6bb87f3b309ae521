/* SPDX-License-Identifier: MIT */
/* The file's side of one transfer, whichever it is: a download, an upload, or a file that
 * is served. It moves bytes between the session and the file, and knows when the
 * file is good. Every call may block on the disk, but not on a pipe: see ready(). */
#ifndef TRANSFER_FILE_H
#define TRANSFER_FILE_H

#include "kedge/transfer.h"
#include "transfer/block_reader.h"
#include "transfer/block_writer.h"

#include <nettle/sha2.h>

/* What went wrong on this side. */
struct transfer_error {
    enum kedge_transfer_cause cause; /* KEDGE_TRANSFER_DONE: nothing */
    int code;                        /* errno, or 0 */
    const char *why;                 /* a constant text; the peer gets it too */
    uint16_t error;                  /* the ERROR for the peer */
};

#define FETCH_UNKNOWN UINT64_MAX

enum { FETCH_LENT_MIN = 16384 };

struct fetch_file {
    /* Of a sender. */
    block_read *read;
    uint64_t size; /* bytes; FETCH_UNKNOWN while it is not known */

    /* How many bytes from offset `from` on, towards `end`, can be read without waiting:
     * FETCH_UNKNOWN for all there are. NULL: always all. When it is too little, `wait_fd`
     * becomes readable with more. */
    uint64_t (*ready)(struct fetch_file *file, uint64_t from, uint64_t end);
    int wait_fd;

    /* All was read; the last block leaves if this finds no fault. */
    struct transfer_error (*complete)(struct fetch_file *file);

    /* Of a receiver. Bytes of FETCH_LENT_MIN and more are lent: they stay where they are
     * until settle(), keep() or rewind(). */
    block_write *write;

    /* Let go of what is held back or lent: the peer has its answer, and a long wait may
     * follow. NULL: nothing ever is. */
    struct store_result (*settle)(struct fetch_file *file);

    /* All was written: `size` bytes, and `announced` were (FETCH_UNKNOWN: not known). The
     * file takes its name if this finds no fault. */
    struct transfer_error (*keep)(struct fetch_file *file, uint64_t size,
                                  uint64_t announced);

    /* Begin anew for another attempt. False: it cannot. */
    bool (*rewind)(struct fetch_file *file);
};

struct transfer_error transfer_no_error(void);
struct transfer_error transfer_error_of(struct store_result result);
struct transfer_error fetch_wrong_size(void);
struct transfer_error fetch_wrong_blocks(void);
struct transfer_error fetch_block_0(void);
struct transfer_error fetch_changed(void); /* of a file that is sent */
struct transfer_error fetch_no_memory(void);

/* "SHA-256 is HEX, expected HEX" */
#define FETCH_SUM_TEXT (4 * SHA256_DIGEST_SIZE + 32)

/* No fault where `wanted`, a SHA-256, is NULL or that of what was hashed: which may go on. Else
 * the words of the error stand in text. */
struct transfer_error fetch_check_sum(const struct sha256_ctx *hashed,
                                      const uint8_t *wanted, char text[FETCH_SUM_TEXT]);

#endif
