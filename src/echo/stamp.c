/* SPDX-License-Identifier: MIT */
/* The 24-byte stamp of a probe, parsed and written. */
#include "echo/stamp.h"

void stamp_put(struct writer *w, const struct stamp *s)
{
    uint8_t bytes[STAMP_SIZE];
    struct writer whole = { .ptr = bytes, .room = sizeof bytes };

    put_u32(&whole, STAMP_MAGIC);
    put_u8(&whole, STAMP_VERSION);
    put_u8(&whole, s->flags);
    put_u16(&whole, s->run);
    put_u64(&whole, s->sequence);
    put_u64(&whole, s->sent_ns);
    put(w, written(&whole));
}

bool stamp_parse(struct kedge_span payload, struct stamp *out)
{
    struct reader r = { .left = payload };
    struct stamp s = { 0 };

    /* Most payloads have none, and an echo looks at each. */
    if (payload.len == 0 || payload.ptr[0] != STAMP_MAGIC >> 24)
        return false;
    if (take_u32(&r) != STAMP_MAGIC || take_u8(&r) != STAMP_VERSION)
        return false;
    s.flags = take_u8(&r);
    s.run = take_u16(&r);
    s.sequence = take_u64(&r);
    s.sent_ns = take_u64(&r);
    if (r.bad)
        return false;
    *out = s;
    return true;
}
