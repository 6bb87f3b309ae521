/* SPDX-License-Identifier: MIT */
/* Blocks written to a file, in octet mode and in netascii. */
#include "transfer/block_writer.h"

static bool is_taken(const struct store_result *result)
{
    return result->error == STORE_OK || result->error == STORE_LATER;
}

static struct store_result append_to_block(struct block_writer *t,
                                           struct kedge_span bytes)
{
    struct store_result result = store_ok();

    if (bytes.len > 0)
        result = t->write(t->file, bytes, t->offset);
    if (is_taken(&result))
        t->offset += bytes.len;
    return result;
}

struct store_result block_writer_put(struct block_writer *t, struct kedge_span body)
{
    uint8_t text[4096];
    struct store_result result = store_ok();
    struct store_result late = store_ok();

    if (!t->netascii)
        return append_to_block(t, body);
    while (is_taken(&result) && body.len > 0) {
        size_t used;
        size_t len = kedge_netascii_decode(&t->state, body, text, sizeof text, &used);

        result = append_to_block(t, (struct kedge_span){ text, len });
        body = (struct kedge_span){ body.ptr + used, body.len - used };
        if (result.error == STORE_LATER)
            late = result;
    }
    return result.error == STORE_OK ? late : result;
}

struct store_result block_writer_end(struct block_writer *t)
{
    uint8_t held;
    size_t len = kedge_netascii_finish(&t->state, &held, sizeof held);

    return append_to_block(t, (struct kedge_span){ &held, len });
}
