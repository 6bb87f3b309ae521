/* A conversation's sender: from the file to the socket. */
#include "transfer/fetch_exchange.h"

#include "base/number.h"

#include <errno.h>
#include <stdlib.h>

#define FRAMES_MAX (1u << 20) /* bytes read and sent in one go, but at least one frame */

static const kedge_nanos look_again = 100 * KEDGE_MSEC;

static struct fetch_fault no_memory(void)
{
    return (struct fetch_fault){ .cause = KEDGE_TRANSFER_LOCAL_FILE,
                                 .code = ENOMEM,
                                 .why = "out of memory",
                                 .error = KEDGE_TFTP_UNDEFINED };
}

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
    x->frames.room = max_u64(min_u64(window, FRAMES_MAX), content_stride(&x->content));
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

/* The last block leaves only if the file is good: without it the peer keeps nothing. */
static struct fetch_fault check_last(struct exchange *x)
{
    struct fetch_fault fault = fetch_no_fault();

    if (!x->frames.last)
        return fault;
    if (!x->checked && x->file->complete)
        fault = x->file->complete(x->file);
    x->checked = true;
    kedge_tftp_sender_end(&x->client.machine.sender, x->frames.end - 1);
    return fault;
}

static void send_frames(struct exchange *x)
{
    struct kedge_tftp_sender *s = &x->client.machine.sender;
    uint64_t first = x->frames.first;
    unsigned done = channel_send(&x->channel, &x->frames, content_stride(&x->content));

    kedge_tftp_sender_sent(s, first, first + done, x->now);
    if (first + done < x->frames.end)
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
    const struct kedge_tftp_terms *terms = &x->client.machine.sender.terms;
    struct kedge_tftp_action a = *blocks;
    struct fetch_fault fault;

    if (a.first == 0) {
        send_opening(x);
        return;
    }
    if (!x->frames.memory && !prepare(x)) {
        exchange_fail(x, no_memory());
        return;
    }
    a.end = at_hand(x, blocks);
    if (a.end == a.first) {
        exchange_wait(
            x, &(struct exchange_wait){ .until = x->now + look_again, .file = true });
        return;
    }
    fault = fetch_fault_of(content_fill(&x->content, &a, terms->rollover, &x->frames));
    if (fault.cause == KEDGE_TRANSFER_DONE)
        fault = check_last(x);
    if (fault.cause == KEDGE_TRANSFER_DONE)
        send_frames(x);
    else
        exchange_fail(x, fault);
}
