/* The bytes of a served file: at once where they are in memory, else by a helper, and only
 * that transfer waits. */
#include "serve/tftp_shard.h"

#include <stdlib.h>
#include <string.h>

/* From what a helper has read, if all of it is there. */
static bool copy_cold(const struct cold_read *c, const struct iovec *iov, int count,
                      uint64_t offset)
{
    size_t at = (size_t)(offset - c->offset);

    if (c->len == 0 || offset < c->offset)
        return false;
    for (int i = 0; i < count; i++) {
        if (at > c->len || iov[i].iov_len > c->len - at)
            return false;
        memcpy(iov[i].iov_base, (const uint8_t *)c->iov.iov_base + at, iov[i].iov_len);
        at += iov[i].iov_len;
    }
    return true;
}

struct store_result transfer_read(void *transfer, const struct iovec *iov, int count,
                                  uint64_t offset, size_t want, size_t *got)
{
    struct tftp_transfer *t = transfer;
    struct store_result result;

    *got = want;
    if (copy_cold(&t->cold, iov, count, offset))
        return store_ok();
    result = served_read(t->file, iov, count, offset);
    if (result.error != STORE_LATER)
        return result;
    transfer_forget_cold(t);
    t->cold.offset = offset;
    t->cold.want = want;
    return result;
}

void transfer_forget_cold(struct tftp_transfer *t)
{
    free(t->cold.iov.iov_base);
    t->cold.iov.iov_base = NULL;
    t->cold.len = t->cold.want = 0;
}

static void read_done(struct served_reading *reading)
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
    c->reading = (struct served_reading){ .file = t->file,
                                          .iov = &c->iov,
                                          .count = 1,
                                          .offset = c->offset,
                                          .done = read_done };
    t->job = true;
    served_read_later(t->service->config.workers, &c->reading);
}
