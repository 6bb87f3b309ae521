#include "transfer/block_writer.h"

static struct store_result append(struct block_writer *t, struct kedge_span bytes)
{
    struct store_result result = store_ok();

    if (bytes.len > 0)
        result = t->write(t->file, bytes, t->offset);
    if (result.error == STORE_OK)
        t->offset += bytes.len;
    return result;
}

struct store_result block_writer_put(struct block_writer *t, struct kedge_span body)
{
    uint8_t text[4096];
    struct store_result result = store_ok();

    if (!t->netascii)
        return append(t, body);
    while (result.error == STORE_OK && body.len > 0) {
        size_t used;
        size_t len = kedge_netascii_decode(&t->state, body, text, sizeof text, &used);

        result = append(t, (struct kedge_span){ text, len });
        body = (struct kedge_span){ body.ptr + used, body.len - used };
    }
    return result;
}

struct store_result block_writer_end(struct block_writer *t)
{
    uint8_t held;
    size_t len = kedge_netascii_finish(&t->state, &held, sizeof held);

    return append(t, (struct kedge_span){ &held, len });
}
