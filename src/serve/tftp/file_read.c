/* The bytes of a served file: at once where they are in memory, else by a helper, and only
 * that transfer waits. */
#include "serve/tftp/private.h"

#include <stdlib.h>
#include <string.h>

/* From what a helper has read, if all of it is there. */
static bool copy_cold(const struct cold_read *c, const struct block_part *part)
{
    size_t at = (size_t)(part->offset - c->offset);

    if (part->offset < c->offset || at > c->len || part->want > c->len - at)
        return false;
    for (int i = 0; i < part->count; i++) {
        const struct iovec *v = &part->iov[i];

        if (v->iov_len > 0)
            memcpy(v->iov_base, (const uint8_t *)c->iov.iov_base + at, v->iov_len);
        at += v->iov_len;
    }
    return true;
}

struct store_result transfer_read(void *transfer, const struct block_part *part,
                                  size_t *got)
{
    struct tftp_transfer *t = transfer;
    struct store_result result;

    *got = part->want;
    if (copy_cold(&t->cold, part))
        return store_ok();
    result = cache_read(t->file, part->iov, part->count, part->offset);
    if (result.error == STORE_OK)
        cache_warm(t->file, part->offset, part->want, loop_now(t->service->config.loop));
    if (result.error != STORE_LATER)
        return result;
    transfer_forget_cold(t);
    t->cold.offset = part->offset;
    t->cold.want = part->want;
    return result;
}

/* What leaves a second time is read: if it was lent before, that may be why it was lost. */
const uint8_t *transfer_lend(void *transfer, uint64_t offset, size_t len)
{
    struct tftp_transfer *t = transfer;
    const struct kedge_tftp_sender *sender = &t->session->machine.sender;

    if (sender->next < sender->top)
        return NULL;
    return cache_lend(t->file, offset, len, loop_now(t->service->config.loop));
}

void transfer_forget_cold(struct tftp_transfer *t)
{
    free(t->cold.iov.iov_base);
    t->cold.iov.iov_base = NULL;
    t->cold.len = t->cold.want = 0;
}

static void read_done(struct cache_reading *reading)
{
    struct cold_read *cold = JOB_OWNER(reading, struct cold_read, reading);
    struct tftp_transfer *t = JOB_OWNER(cold, struct tftp_transfer, cold);

    t->job = false;
    if (t->ending) {
        transfer_end(t);
        return;
    }
    cold->len = cold->want;
    if (reading->result.error != STORE_OK)
        transfer_fail(t, &reading->result);
    transfer_pump(t);
}

void transfer_read_later(struct tftp_transfer *t)
{
    struct cold_read *c = &t->cold;
    struct store_result busy = store_fail(STORE_BUSY, "no memory");

    c->iov = (struct iovec){ malloc(c->want), c->want };
    if (!c->iov.iov_base) {
        transfer_fail(t, &busy);
        return;
    }
    c->reading = (struct cache_reading){ .file = t->file,
                                         .iov = &c->iov,
                                         .count = 1,
                                         .offset = c->offset,
                                         .done = read_done };
    t->job = true;
    cache_read_later(t->service->config.workers, &c->reading);
}
