/* SPDX-License-Identifier: MIT */
/* ICMP and ICMPv6 echo messages and errors, parsed and written. */
#include "echo/icmp_message.h"

#define PROTOCOL_ICMP 1
#define PROTOCOL_ICMP6 58

struct type {
    uint8_t v4, v6;
    enum icmp_kind kind;
};

/* TOO_BIG of IPv4 is a code (4) of unreachable. */
static const struct type types[] = {
    { 8, 128, ICMP_KIND_REQUEST },
    { 0, 129, ICMP_KIND_REPLY },
    { 3, 1, ICMP_KIND_UNREACHABLE },
    { 11, 3, ICMP_KIND_TIME_EXCEEDED },
};

#define TYPE6_TOO_BIG 2
#define CODE4_TOO_BIG 4

uint16_t icmp_checksum(struct kedge_span bytes)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < bytes.len; i++)
        sum += (uint64_t)bytes.ptr[i] << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint8_t type_of(enum icmp_kind kind, enum icmp_version version)
{
    KEDGE_ASSERT(kind == ICMP_KIND_REQUEST || kind == ICMP_KIND_REPLY);
    return version == ICMP_V4 ? types[kind].v4 : types[kind].v6;
}

static bool icmp_kind_of(uint8_t type, enum icmp_version version, enum icmp_kind *kind)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (type == (version == ICMP_V4 ? types[i].v4 : types[i].v6)) {
            *kind = types[i].kind;
            return true;
        }
    *kind = ICMP_KIND_TOO_BIG;
    return version == ICMP_V6 && type == TYPE6_TOO_BIG;
}

void icmp_echo_put(struct writer *w, enum icmp_version version,
                   const struct icmp_message *m)
{
    size_t start = w->len;
    uint16_t sum = 0;

    if (w->bad || w->room - w->len < ICMP_HEADER ||
        w->room - w->len - ICMP_HEADER < m->payload.len) {
        w->bad = true;
        return;
    }
    put_u8(w, type_of(m->kind, version));
    put_u8(w, 0);
    put_u16(w, 0);
    put_u16(w, m->identifier);
    put_u16(w, m->sequence);
    put(w, m->payload);
    if (version == ICMP_V6)
        return;
    sum = icmp_checksum((struct kedge_span){ w->ptr + start, w->len - start });
    w->ptr[start + 2] = (uint8_t)(sum >> 8);
    w->ptr[start + 3] = (uint8_t)sum;
}

/* The header of IPv4 in front of what is quoted; true if ICMP follows. */
static bool skip_ipv4(struct reader *r)
{
    uint8_t first = take_u8(r);
    size_t length = (size_t)(first & 15) * 4;
    uint8_t protocol = 0;

    (void)take(r, 8);
    protocol = take_u8(r);
    if (first >> 4 != 4 || length < 20)
        return false;
    (void)take(r, length - 10);
    return !r->bad && protocol == PROTOCOL_ICMP;
}

/* Extension headers are not looked through: our own requests carry none. */
static bool skip_ipv6(struct reader *r)
{
    uint8_t first = take_u8(r);
    uint8_t next = 0;

    (void)take(r, 5);
    next = take_u8(r);
    (void)take(r, 33);
    return !r->bad && first >> 4 == 6 && next == PROTOCOL_ICMP6;
}

/* An error quotes the packet it is about: its echo header names identifier and sequence. */
static bool quoted(struct reader *r, enum icmp_version version, struct icmp_message *m)
{
    uint8_t type = 0;

    if (!(version == ICMP_V4 ? skip_ipv4(r) : skip_ipv6(r)))
        return false;
    type = take_u8(r);
    (void)take(r, 3);
    m->identifier = take_u16(r);
    m->sequence = take_u16(r);
    return !r->bad && type == type_of(ICMP_KIND_REQUEST, version);
}

/* The four bytes behind the checksum: what they hold depends on the kind. */
static uint16_t link_mtu(uint32_t word)
{
    return word > UINT16_MAX ? UINT16_MAX : (uint16_t)word;
}

bool icmp_parse(struct kedge_span bytes, enum icmp_version version,
                struct icmp_message *out)
{
    struct reader r = { .left = bytes };
    uint8_t type = take_u8(&r);
    uint32_t word = 0;

    *out = (struct icmp_message){ 0 };
    out->code = take_u8(&r);
    (void)take_u16(&r);
    word = take_u32(&r);
    if (r.bad || !icmp_kind_of(type, version, &out->kind))
        return false;
    if (version == ICMP_V4 && icmp_checksum(bytes) != 0)
        return false;
    if (out->kind == ICMP_KIND_REQUEST || out->kind == ICMP_KIND_REPLY) {
        out->identifier = (uint16_t)(word >> 16);
        out->sequence = (uint16_t)word;
        out->payload = take(&r, r.left.len);
        return out->code == 0;
    }
    if (version == ICMP_V4 && type == 3 && out->code == CODE4_TOO_BIG)
        out->kind = ICMP_KIND_TOO_BIG;
    if (out->kind == ICMP_KIND_TOO_BIG)
        out->mtu = link_mtu(version == ICMP_V4 ? word & 0xffff : word);
    return quoted(&r, version, out);
}
