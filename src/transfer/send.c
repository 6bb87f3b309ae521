/* SPDX-License-Identifier: MIT */
/* A conversation's sender: from the file to the socket. */
#include "transfer/session.h"

#include "base/number.h"

#include <stdlib.h>

/* Bytes read in one go, but at least one frame: a window, or more than it where blocks
 * are few, for a read costs more than what it copies. */
#define FRAMES_MIN (128u << 10)
#define FRAMES_MAX (1u << 20)

static const kedge_nanos look_again = 100 * KEDGE_MSEC;

static bool prepare_window(struct transfer_session *x)
{
    const struct kedge_tftp_terms *terms = &x->client.machine.sender.half.terms;
    uint64_t window;

    x->block_reader = (struct block_reader){ .read = x->file->read,
                                             .file = x->file,
                                             .size = x->file->size,
                                             .blksize = terms->blksize,
                                             .netascii = x->netascii };
    window = block_reader_stride(&x->block_reader) * terms->window;
    x->packets.room = max_u64(clamp_u64(window, FRAMES_MIN, FRAMES_MAX),
                              block_reader_stride(&x->block_reader));
    x->packets.memory = malloc(x->packets.room);
    x->channel = (struct channel){ .fd = x->socket.fd, .peer = x->peer, .gso = true };
    return x->packets.memory;
}

/* In netascii bytes of the file and of the wire differ: one block is looked for at the
 * place where it begins. */
static uint64_t begins_at(const struct block_reader *c, uint64_t block)
{
    if (!c->netascii)
        return (block - 1) * c->blksize;
    return c->after.block == block ? c->after.offset : c->here.offset;
}

/* One past the last block for which the file's bytes are at hand. */
static uint64_t at_hand(struct transfer_session *x,
                        const struct kedge_tftp_action *blocks)
{
    uint64_t from = begins_at(&x->block_reader, blocks->first);
    uint64_t wanted = (blocks->end - blocks->first) * x->block_reader.blksize;
    uint64_t ready;

    if (!x->file->ready)
        return blocks->end;
    ready = x->file->ready(x->file, from, from + wanted);
    return min_u64(blocks->end, add_sat(blocks->first, ready / x->block_reader.blksize));
}

/* Have frames from block a->first on in memory. A file is read ahead of its window. */
static struct transfer_error load_window(struct transfer_session *x,
                                         const struct kedge_tftp_action *a)
{
    const struct kedge_tftp_terms *terms = &x->client.machine.sender.half.terms;
    bool ahead = !x->file->ready && !x->netascii;
    struct kedge_tftp_action wanted = *a;

    if (a->first >= x->packets.first && a->first < x->packets.end)
        return transfer_no_error();
    if (ahead)
        wanted.end = UINT64_MAX;
    return transfer_error_of(
        block_reader_fill(&x->block_reader, &wanted, terms->rollover, &x->packets));
}

/* Those of the frames in memory that may leave now. */
static struct data_packets part(const struct transfer_session *x,
                                const struct kedge_tftp_action *a)
{
    size_t stride = block_reader_stride(&x->block_reader);
    struct data_packets out = x->packets;
    size_t skipped = (size_t)(a->first - out.first) * stride;

    out.memory += skipped;
    out.len -= skipped;
    out.first = a->first;
    if (a->end < out.end) {
        out.end = a->end;
        out.len = (size_t)(out.end - out.first) * stride;
        out.last = false;
    }
    return out;
}

/* The last block leaves only if the file is good: without it the peer keeps nothing. */
static struct transfer_error check_last(struct transfer_session *x,
                                        const struct data_packets *packets)
{
    struct transfer_error error = transfer_no_error();

    if (!packets->last)
        return error;
    if (!x->checked && x->file->complete)
        error = x->file->complete(x->file);
    x->checked = true;
    kedge_tftp_sender_end(&x->client.machine.sender, packets->end - 1);
    return error;
}

static void send_frames(struct transfer_session *x, const struct data_packets *packets)
{
    struct kedge_tftp_sender *s = &x->client.machine.sender;
    unsigned done =
        channel_send(&x->channel, packets, block_reader_stride(&x->block_reader));

    kedge_tftp_sender_sent(s, packets->first, packets->first + done, x->now);
    if (packets->first + done < packets->end)
        session_wait(
            x, &(struct session_wait){ .until = x->now + look_again, .writable = true });
}

static void send_opening(struct transfer_session *x)
{
    session_say(x, (struct kedge_span){ x->opening, x->opening_len });
    kedge_tftp_sender_sent(&x->client.machine.sender, 0, 1, x->now);
}

void session_send(struct transfer_session *x, const struct kedge_tftp_action *blocks)
{
    struct kedge_tftp_action a = *blocks;
    struct transfer_error error;
    struct data_packets packets;

    if (a.first == 0) {
        send_opening(x);
        return;
    }
    if (!x->packets.memory && !prepare_window(x)) {
        session_fail(x, fetch_no_memory());
        return;
    }
    a.end = at_hand(x, blocks);
    if (a.end == a.first) {
        session_wait(
            x, &(struct session_wait){ .until = x->now + look_again, .file = true });
        return;
    }
    error = load_window(x, &a);
    if (error.cause == KEDGE_TRANSFER_DONE) {
        packets = part(x, &a);
        error = check_last(x, &packets);
    }
    if (error.cause == KEDGE_TRANSFER_DONE)
        send_frames(x, &packets);
    else
        session_fail(x, error);
}
