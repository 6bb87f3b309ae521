/* SPDX-License-Identifier: MIT */
/* Keeps what a helper has read for one block. */
#include "serve/tftp/cold_read.h"

#include <stdlib.h>
#include <string.h>

bool cold_read_copy(const struct cold_read *c, const struct block_part *part)
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

void cold_read_forget(struct cold_read *c)
{
    free(c->iov.iov_base);
    c->iov.iov_base = NULL;
    c->len = c->want = 0;
}

static void reading_done(struct cache_reading *reading)
{
    struct cold_read *c = JOB_OWNER(reading, struct cold_read, reading);

    c->len = c->want;
    c->done(c, reading->result);
}

struct store_result cold_read_begin(struct cold_read *c, struct workers *workers,
                                    struct cached_file *file,
                                    const struct block_part *part)
{
    cold_read_forget(c);
    c->iov = (struct iovec){ malloc(part->want), part->want };
    if (!c->iov.iov_base)
        return store_fail(STORE_BUSY, "no memory");
    c->offset = part->offset;
    c->want = part->want;
    c->reading = (struct cache_reading){ .file = file,
                                         .iov = &c->iov,
                                         .count = 1,
                                         .offset = c->offset,
                                         .done = reading_done };
    cache_read_later(workers, &c->reading);
    return store_fail(STORE_LATER, "by a helper");
}
