/* SPDX-License-Identifier: MIT */
/* The probe extension, parsed and written. */
#include "echo/probe_extension.h"

#define KERNEL 1   /* of the clock's byte */
#define WITH_MAC 1 /* of the flags of an ask */

static void put_zeros(struct writer *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_u8(w, 0);
}

static void put_report(struct writer *w, const struct extension_report *r)
{
    put_u8(w, r->kernel ? KERNEL : 0);
    put_u8(w, r->ttl);
    put_u8(w, r->tos);
    put_u32(w, r->seen);
    put_u32(w, r->highest);
    put_u32(w, r->dropped);
    put_u32(w, r->refused);
    put_u64(w, r->received_ns);
    put_u32(w, r->held_ns);
}

static void put_kind(struct writer *w, const struct probe_extension *m)
{
    put_u8(w, (uint8_t)m->kind);
    if (m->kind == EXTENSION_REPORT) {
        put_report(w, &m->report);
        return;
    }
    put_u8(w, m->kind == EXTENSION_ASK && m->with_mac ? WITH_MAC : 0);
    put_u16(w, m->kind == EXTENSION_TOKEN ? m->port : m->size);
    put_zeros(w, 4);
    put_u64(w, m->cookie);
    if (m->kind == EXTENSION_TOKEN)
        put(w, (struct kedge_span){ m->address, sizeof m->address });
    else
        put_zeros(w, sizeof m->address);
}

void extension_put(struct writer *w, const struct probe_extension *m)
{
    uint8_t bytes[EXTENSION_SIZE];
    struct writer whole = { .ptr = bytes, .room = sizeof bytes };

    put_kind(&whole, m);
    put(w, written(&whole));
}

static void take_report(struct reader *r, struct extension_report *out)
{
    out->kernel = take_u8(r) & KERNEL;
    out->ttl = take_u8(r);
    out->tos = take_u8(r);
    out->seen = take_u32(r);
    out->highest = take_u32(r);
    out->dropped = take_u32(r);
    out->refused = take_u32(r);
    out->received_ns = take_u64(r);
    out->held_ns = take_u32(r);
}

static void extension_token(struct reader *r, struct probe_extension *out)
{
    struct kedge_span address;
    uint8_t flags = take_u8(r);
    uint16_t number = take_u16(r);

    if (out->kind == EXTENSION_TOKEN) {
        out->port = number;
    } else {
        out->size = number;
        out->with_mac = flags & WITH_MAC;
    }
    (void)take_u32(r);
    out->cookie = take_u64(r);
    address = take(r, sizeof out->address);
    for (size_t i = 0; i < address.len; i++)
        out->address[i] = address.ptr[i];
}

bool extension_parse(struct kedge_span payload, struct probe_extension *out)
{
    struct reader r = { .left = payload };

    if (payload.len < EXTENDED_SIZE)
        return false;
    *out = (struct probe_extension){ 0 };
    (void)take(&r, STAMP_SIZE);
    out->kind = (enum extension_kind)take_u8(&r);
    if (out->kind == EXTENSION_REPORT)
        take_report(&r, &out->report);
    else
        extension_token(&r, out);
    return !r.bad && out->kind >= EXTENSION_ASK && out->kind <= EXTENSION_REPORT;
}

bool extension_asks(struct kedge_span payload, struct stamp *stamp,
                    struct probe_extension *extension)
{
    return payload.len >= EXTENDED_SIZE && stamp_parse(payload, stamp) &&
           (stamp->flags & (STAMP_ASKS | STAMP_REPLY)) == STAMP_ASKS &&
           extension_parse(payload, extension) && extension->kind == EXTENSION_ASK;
}
