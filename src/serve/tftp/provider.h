/* SPDX-License-Identifier: MIT */
/* A provider: where the bytes of transfers come from, and where they go. It knows no
 * protocol and no transfer. The directory (directory.h) is one; the content of a
 * program's own functions, or of another server, may be others.
 *
 * Each of open, read, write and commit answers at once by
 *   STORE_OK      it is done;
 *   STORE_LATER   it is under way: file->resume() says how it ended;
 *   another error it failed, and the text says why.
 * close never fails: STORE_OK, or STORE_LATER.
 *
 * resume() is called exactly once for each STORE_LATER (one for several writes, see there),
 * on the service's thread, and never from within a function of the provider: a turn of the
 * loop begins it. While something is under way nothing but write is called for that file,
 * and write only while writes are. */
#ifndef SERVE_TFTP_PROVIDER_H
#define SERVE_TFTP_PROVIDER_H

#include "net/address.h"
#include "transfer/block_reader.h"

/* One file of one transfer. It is the first member of the provider's own struct, of which
 * the service keeps one for each transfer, and which it never moves. */
struct provided_file {
    /* Set by the service before open(). */
    struct provider *provider;
    void (*resume)(void *transfer, struct store_result result);
    void *transfer;

    /* Set by the provider before an open has succeeded. */
    uint64_t size;           /* of a file to read, in bytes */
    bool slow;               /* of a file to write: each write is STORE_LATER */
    uint32_t blksize_max;    /* of this peer and file; 0: the service's own */
    uint32_t windowsize_max; /* likewise */
    kedge_nanos timeout;     /* likewise: the longest RTO where the peer asks for none */
    const char *note;        /* for its record, unless that has a reason; or NULL */
};

/* What a peer asks for. The name is the peer's own spelling: any bytes, also none; it and
 * the peer's address stay as long as the file. */
struct provider_request {
    struct kedge_span name;
    bool writes;
    uint64_t announced_bytes; /* the size of an upload; 0: not known */
    const struct net_address *peer;
    uint32_t ifindex; /* where the request came in; 0: not known (tftp_config) */
};

/* What a record says of a file, beside its size. Spans with ptr NULL are not known. */
struct provider_story {
    struct kedge_span rule; /* what decided who may have it, in a few words */
    struct kedge_span path; /* the name below its root that was opened or looked for */
    bool refused;           /* a rule, and not the file system, refuses it */
    bool hushed;            /* its record is left out: the like was said a moment ago */
};

struct provider {
    size_t file_bytes; /* of the provider's own struct for a file */

    /* A failed open leaves nothing to close. */
    struct store_result (*open)(struct provided_file *file,
                                const struct provider_request *request);

    /* As block_read (transfer/block_reader.h). After STORE_LATER and a good resume() the
     * same part is asked for again, and is then at hand. */
    struct store_result (*read)(struct provided_file *file, const struct block_part *part,
                                size_t *got);

    /* As block_lend. The bytes stay until close. NULL: all is read. */
    const uint8_t *(*lend)(struct provided_file *file, uint64_t offset, size_t len);

    /* Take all of bytes, which are only valid during the call; offsets follow each other.
     * STORE_LATER: they are taken, and stored only when resume() says so. More may be given
     * meanwhile, as far as there is room; then that resume() is for all of it. */
    struct store_result (*write)(struct provided_file *file, struct kedge_span bytes,
                                 uint64_t offset);

    /* All is written: keep the file under its name. Also while writes are under way; the one
     * resume() is then for both. Whatever becomes of it, close follows. */
    struct store_result (*commit)(struct provided_file *file);

    /* A file that was read is no longer what it was when it was opened. Does not wait. */
    bool (*changed)(const struct provided_file *file);

    /* Let go of it; of an upload that was not committed nothing is left behind. */
    struct store_result (*close)(struct provided_file *file);

    /* What became of an open that is over, well or not: also after close, until the next open
     * of *file. The spans are valid as long. NULL: there is nothing to say. */
    struct provider_story (*story)(const struct provided_file *file);

    /* The end of each turn of the loop. NULL: nothing is to be done. */
    void (*turn_over)(struct provider *provider);
};

#endif
