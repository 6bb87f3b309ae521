/* SPDX-License-Identifier: MIT */
/* Blocks read from a file, in octet mode and in netascii. */
#include "transfer/block_reader.h"

#include "base/number.h"

size_t block_reader_stride(const struct block_reader *c)
{
    return (size_t)c->blksize + KEDGE_TFTP_HEADER;
}

static void header(uint64_t block, uint32_t rollover, uint8_t *at)
{
    size_t len =
        kedge_tftp_write_data(at, KEDGE_TFTP_HEADER, kedge_tftp_wire(block, rollover));

    KEDGE_ASSERT(len == KEDGE_TFTP_HEADER);
}

/* Where the bytes of the blocks go, between room for the headers. */
static struct block_part plan(const struct block_reader *c,
                              const struct data_packets *out, struct iovec *iov)
{
    uint64_t count = out->end - out->first;
    struct block_part part = { .iov = iov, .count = (int)count };

    part.offset = (out->first - 1) * c->blksize;
    part.want = (size_t)min_u64(count * c->blksize, sub_sat(c->size, part.offset));
    for (uint64_t i = 0; i < count; i++) {
        uint64_t before = min_u64(i * c->blksize, part.want);

        iov[i].iov_base = out->memory + i * block_reader_stride(c) + KEDGE_TFTP_HEADER;
        iov[i].iov_len = (size_t)min_u64(c->blksize, part.want - before);
    }
    return part;
}

/* The file gave `got` bytes: the frames that are whole, and the short last one. Headers
 * are so many bytes apart. */
static void close_frames(const struct block_reader *c, uint32_t rollover, size_t got,
                         struct data_packets *out)
{
    size_t apart = out->lent ? KEDGE_TFTP_HEADER : block_reader_stride(c);
    uint64_t whole = got / c->blksize;
    uint8_t *at = out->memory;

    out->last = whole < out->end - out->first;
    if (out->last)
        out->end = out->first + whole + 1;
    out->len = got + (size_t)(out->end - out->first) * KEDGE_TFTP_HEADER;
    for (uint64_t block = out->first; block < out->end; block++, at += apart)
        header(block, rollover, at);
}

static void cut_up(const struct block_reader *c, const uint8_t *bytes, size_t len,
                   struct data_packets *out)
{
    struct iovec *v = out->pieces;

    for (uint64_t i = 0; i < out->end - out->first; i++) {
        size_t size = (size_t)min_u64(c->blksize, len);

        *v++ = (struct iovec){ out->memory + i * KEDGE_TFTP_HEADER, KEDGE_TFTP_HEADER };
        *v++ = (struct iovec){ (void *)(uintptr_t)bytes, size };
        bytes += size;
        len -= size;
    }
}

/* False where the bytes are not to be had so. */
static bool lend_octet(const struct block_reader *c, uint32_t rollover,
                       struct data_packets *out)
{
    uint64_t offset = (out->first - 1) * c->blksize;
    uint64_t most = (out->end - out->first) * c->blksize;
    size_t want = (size_t)min_u64(most, sub_sat(c->size, offset));
    const uint8_t *bytes = NULL;

    if (c->lend && out->pieces && want > 0)
        bytes = c->lend(c->file, offset, want);
    out->lent = bytes != NULL;
    if (!bytes)
        return false;
    close_frames(c, rollover, want, out);
    cut_up(c, bytes, want, out);
    return true;
}

static struct store_result fill_octet(struct block_reader *c,
                                      const struct kedge_tftp_action *blocks,
                                      uint32_t rollover, struct data_packets *out)
{
    struct iovec iov[FRAMES_AT_ONCE];
    struct store_result result = store_ok();
    uint64_t most = min_u64(out->room / block_reader_stride(c), FRAMES_AT_ONCE);
    struct block_part part;
    size_t got = 0;

    out->first = blocks->first;
    out->end = min_u64(blocks->end, blocks->first + most);
    if (lend_octet(c, rollover, out))
        return result;
    part = plan(c, out, iov);
    if (part.want > 0)
        result = c->read(c->file, &part, &got);
    if (result.error == STORE_OK)
        close_frames(c, rollover, got, out);
    return result;
}

/* Where block begins: the file is only ever read forward or once more at the same place. */
static void go_to(struct block_reader *c, uint64_t block)
{
    if (c->here.block == 0)
        c->here.block = 1;
    if (c->after.block == block)
        c->here = c->after;
    KEDGE_ASSERT(c->here.block == block);
}

static struct store_result fill_text(struct block_reader *c, uint64_t block,
                                     uint32_t rollover, struct data_packets *out)
{
    uint8_t raw[KEDGE_TFTP_BLKSIZE_MAX];
    uint8_t *body = out->memory + KEDGE_TFTP_HEADER;
    struct iovec iov = { .iov_base = raw };
    struct block_part part = { .iov = &iov, .count = 1 };
    struct store_result result = store_ok();
    size_t got = 0;
    size_t used;
    size_t len;

    go_to(c, block);
    part.offset = c->here.offset;
    part.want = (size_t)min_u64(c->blksize, sub_sat(c->size, part.offset));
    iov.iov_len = part.want;
    if (part.want > 0)
        result = c->read(c->file, &part, &got);
    if (result.error != STORE_OK)
        return result;
    c->after = (struct text_place){ block + 1, c->here.offset, c->here.state };
    len = kedge_netascii_encode(&c->after.state, (struct kedge_span){ raw, got }, body,
                                c->blksize, &used);
    c->after.offset += used;
    out->first = block;
    out->end = block + 1;
    out->last = len < c->blksize;
    out->len = len + KEDGE_TFTP_HEADER;
    out->lent = false;
    header(block, rollover, out->memory);
    return result;
}

struct store_result block_reader_fill(struct block_reader *c,
                                      const struct kedge_tftp_action *blocks,
                                      uint32_t rollover, struct data_packets *out)
{
    KEDGE_ASSERT(blocks->first > 0 && blocks->first < blocks->end);
    KEDGE_ASSERT(out->room >= block_reader_stride(c));
    if (c->netascii)
        return fill_text(c, blocks->first, rollover, out);
    return fill_octet(c, blocks, rollover, out);
}
