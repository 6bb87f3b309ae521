/* A conversation's sender: from the file to the socket. */
#include "transfer/session.h"

#include "base/number.h"

#include <stdlib.h>

/* Bytes read in one go, but at least one frame: a window, or more than it where blocks
 * are few, for a read costs more than what it copies. */
#define FRAMES_MIN (128u << 10)
#define FRAMES_MAX (1u << 20)

static const kedge_nanos look_again = 100 * KEDGE_MSEC;

static bool prepare(struct exchange *x)
{
    const struct kedge_tftp_terms *terms = &x->client.machine.sender.terms;
    uint64_t window;

    x->content = (struct content){ .read = x->file->read,
                                   .file = x->file,
                                   .size = x->file->size,
                                   .blksize = terms->blksize,
                                   .netascii = x->netascii };
    window = content_stride(&x->content) * terms->window;
    x->frames.room =
        max_u64(clamp_u64(window, FRAMES_MIN, FRAMES_MAX), content_stride(&x->content));
    x->frames.memory = malloc(x->frames.room);
    x->channel = (struct channel){ .fd = x->socket.fd, .peer = x->peer, .gso = true };
    return x->frames.memory;
}

/* In netascii bytes of the file and of the wire differ: one block is looked for at the
 * place where it begins. */
static uint64_t begins_at(const struct content *c, uint64_t block)
{
    if (!c->netascii)
        return (block - 1) * c->blksize;
    return c->after.block == block ? c->after.offset : c->here.offset;
}

/* One past the last block for which the file's bytes are at hand. */
static uint64_t at_hand(struct exchange *x, const struct kedge_tftp_action *blocks)
{
    uint64_t from = begins_at(&x->content, blocks->first);
    uint64_t wanted = (blocks->end - blocks->first) * x->content.blksize;
    uint64_t ready;

    if (!x->file->ready)
        return blocks->end;
    ready = x->file->ready(x->file, from, from + wanted);
    return min_u64(blocks->end, add_sat(blocks->first, ready / x->content.blksize));
}

/* Have frames from block a->first on in memory. A file is read ahead of its window. */
static struct fetch_fault load(struct exchange *x, const struct kedge_tftp_action *a)
{
    const struct kedge_tftp_terms *terms = &x->client.machine.sender.terms;
    bool ahead = !x->file->ready && !x->netascii;
    struct kedge_tftp_action wanted = *a;
    struct fetch_fault fault;

    if (a->first >= x->frames.first && a->first < x->frames.end)
        return fetch_no_fault();
    if (ahead)
        wanted.end = UINT64_MAX;
    fault =
        fetch_fault_of(content_fill(&x->content, &wanted, terms->rollover, &x->frames));
    if (fault.cause != KEDGE_TRANSFER_DONE)
        x->frames.end = x->frames.first;
    return fault;
}

/* Those of the frames in memory that may leave now. */
static struct frames part(const struct exchange *x, const struct kedge_tftp_action *a)
{
    size_t stride = content_stride(&x->content);
    struct frames out = x->frames;
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
static struct fetch_fault check_last(struct exchange *x, const struct frames *frames)
{
    struct fetch_fault fault = fetch_no_fault();

    if (!frames->last)
        return fault;
    if (!x->checked && x->file->complete)
        fault = x->file->complete(x->file);
    x->checked = true;
    kedge_tftp_sender_end(&x->client.machine.sender, frames->end - 1);
    return fault;
}

static void send_frames(struct exchange *x, const struct frames *frames)
{
    struct kedge_tftp_sender *s = &x->client.machine.sender;
    unsigned done = channel_send(&x->channel, frames, content_stride(&x->content));

    kedge_tftp_sender_sent(s, frames->first, frames->first + done, x->now);
    if (frames->first + done < frames->end)
        exchange_wait(
            x, &(struct exchange_wait){ .until = x->now + look_again, .writable = true });
}

static void send_opening(struct exchange *x)
{
    exchange_say(x, (struct kedge_span){ x->opening, x->opening_len });
    kedge_tftp_sender_sent(&x->client.machine.sender, 0, 1, x->now);
}

void exchange_send(struct exchange *x, const struct kedge_tftp_action *blocks)
{
    struct kedge_tftp_action a = *blocks;
    struct fetch_fault fault;
    struct frames frames;

    if (a.first == 0) {
        send_opening(x);
        return;
    }
    if (!x->frames.memory && !prepare(x)) {
        exchange_fail(x, fetch_no_memory());
        return;
    }
    a.end = at_hand(x, blocks);
    if (a.end == a.first) {
        exchange_wait(
            x, &(struct exchange_wait){ .until = x->now + look_again, .file = true });
        return;
    }
    fault = load(x, &a);
    if (fault.cause == KEDGE_TRANSFER_DONE) {
        frames = part(x, &a);
        fault = check_last(x, &frames);
    }
    if (fault.cause == KEDGE_TRANSFER_DONE)
        send_frames(x, &frames);
    else
        exchange_fail(x, fault);
}
