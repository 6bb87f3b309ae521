/* SPDX-License-Identifier: MIT */
/* Payloads of probes, written and compared with replies. */
#include "probe/payload.h"

#include "base/number.h"

#define FLAGS_AT 5 /* in the stamp */

static uint8_t fill_byte(const struct stamp *s, size_t at)
{
    uint64_t seed = at < STAMP_SIZE ? s->run : s->run + s->sequence;

    return (uint8_t)(seed + at * 31);
}

static void put_head(struct writer *w, const struct payload *p)
{
    struct probe_extension ask = {
        .kind = EXTENSION_ASK, .cookie = p->cookie, .size = p->wanted, .with_mac = p->key
    };
    uint8_t mac[KEY_MAC];

    if (p->size >= STAMP_SIZE)
        stamp_put(w, &p->stamp);
    if (p->stamp.flags & STAMP_ASKS)
        extension_put(w, &ask);
    if (!(p->stamp.flags & STAMP_ASKS) || !p->key)
        return;
    key_mac(p->key, written(w), mac);
    put(w, (struct kedge_span){ mac, sizeof mac });
}

bool payload_validated(struct kedge_span got, const struct store_key *key)
{
    struct stamp stamp;

    return got.len >= AUTHENTICATED_SIZE && stamp_parse(got, &stamp) &&
           stamp.flags & STAMP_REPLY &&
           key_proves(key, (struct kedge_span){ got.ptr, EXTENDED_SIZE },
                      got.ptr + EXTENDED_SIZE);
}

void payload_put(struct writer *w, const struct payload *p)
{
    uint8_t bytes[AUTHENTICATED_SIZE] = { 0 };
    struct writer head = { .ptr = bytes, .room = sizeof bytes };

    put_head(&head, p);
    put(w, written(&head));
    for (size_t at = head.len; at < p->size; at++)
        put_u8(w, fill_byte(&p->stamp, at));
}

/* A server's answer is flagged as one, and has its own extension. */
static bool may_differ(struct kedge_span got, const struct payload *p, size_t at)
{
    bool answer =
        got.len > FLAGS_AT && got.ptr[FLAGS_AT] == (p->stamp.flags | STAMP_REPLY);

    if (!answer || p->size < STAMP_SIZE)
        return false;
    return at == FLAGS_AT || (p->stamp.flags & STAMP_ASKS && at >= STAMP_SIZE &&
                              at < (p->key ? AUTHENTICATED_SIZE : EXTENDED_SIZE));
}

static void differs(struct payload_fault *f, size_t at)
{
    if (f->bytes == 0)
        f->first = at;
    f->last = at;
    f->bytes++;
}

bool payload_intact(struct kedge_span got, const struct payload *p,
                    struct payload_fault *out)
{
    uint8_t bytes[AUTHENTICATED_SIZE] = { 0 };
    struct writer head = { .ptr = bytes, .room = sizeof bytes };

    put_head(&head, p);
    *out = (struct payload_fault){ .size = got.len };
    for (size_t at = 0; at < min_u64(got.len, p->size); at++) {
        uint8_t want = at < head.len ? bytes[at] : fill_byte(&p->stamp, at);

        if (got.ptr[at] != want && !may_differ(got, p, at))
            differs(out, at);
    }
    return out->bytes == 0 && got.len == p->size;
}
