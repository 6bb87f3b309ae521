#include "ask/probe_payload.h"

static uint8_t fill(const struct stamp *s, size_t at)
{
    uint64_t seed = at < STAMP_SIZE ? s->run : s->run + s->sequence;

    return (uint8_t)(seed + at * 31);
}

void payload_put(struct writer *w, const struct stamp *s, size_t size)
{
    size_t at = 0;

    if (size >= STAMP_SIZE) {
        stamp_put(w, s);
        at = STAMP_SIZE;
    }
    for (; at < size; at++)
        put_u8(w, fill(s, at));
}

static bool stamp_intact(struct kedge_span got, const struct stamp *s)
{
    struct stamp back;

    if (!stamp_parse(got, &back))
        return false;
    return (back.flags | STAMP_REPLY) == (s->flags | STAMP_REPLY) && back.run == s->run &&
           back.sequence == s->sequence && back.sent_ns == s->sent_ns;
}

bool payload_intact(struct kedge_span got, const struct stamp *s, size_t size)
{
    size_t at = size >= STAMP_SIZE ? STAMP_SIZE : 0;

    if (got.len != size || (at > 0 && !stamp_intact(got, s)))
        return false;
    for (; at < size; at++)
        if (got.ptr[at] != fill(s, at))
            return false;
    return true;
}
