/* SPDX-License-Identifier: MIT */
/* What comes back to a probe: ICMP and ICMPv6 messages, the stamp in a payload, and the
 * extension behind it. */
#include "fuzz.h"
#include "echo/probe_extension.h"
#include "echo/icmp_message.h"

#include <string.h>

enum { MESSAGE_MAX = 2048 };

static void check_stamp(struct kedge_span payload)
{
    struct stamp s = { .run = 7 };
    uint8_t out[STAMP_SIZE];
    struct writer w = { .ptr = out, .room = sizeof out };

    if (!stamp_parse(payload, &s)) {
        MUST(s.run == 7 && s.sequence == 0);
        return;
    }
    stamp_put(&w, &s);
    MUST(!w.bad && w.len == STAMP_SIZE && memcmp(out, payload.ptr, STAMP_SIZE) == 0);
}

/* What was read of a mark is written so that it reads the same. */
static void check_mark(struct kedge_span payload)
{
    uint8_t out[EXTENDED_SIZE] = { 0 }, out2[EXTENDED_SIZE] = { 0 };
    struct writer w = { .ptr = out, .room = sizeof out, .len = STAMP_SIZE };
    struct writer w2 = { .ptr = out2, .room = sizeof out2, .len = STAMP_SIZE };
    struct probe_extension m, again;

    if (!extension_parse(payload, &m))
        return;
    extension_put(&w, &m);
    MUST(!w.bad && w.len == EXTENDED_SIZE);
    MUST(extension_parse(written(&w), &again) && again.kind == m.kind);
    extension_put(&w2, &again);
    MUST(memcmp(out, out2, sizeof out) == 0);
}

/* An echo message is written as it was read, with a checksum that is right. */
static void check_echo(const struct icmp_message *m, enum icmp_version version,
                       struct kedge_span bytes)
{
    uint8_t out[MESSAGE_MAX];
    struct writer w = { .ptr = out, .room = sizeof out };
    struct icmp_message again;

    MUST(m->payload.len == bytes.len - ICMP_HEADER);
    icmp_echo_put(&w, version, m);
    MUST(w.bad == (bytes.len > sizeof out));
    if (w.bad)
        return;
    MUST(w.len == bytes.len && (version == ICMP_V6 || !icmp_checksum(written(&w))));
    MUST(icmp_parse(written(&w), version, &again));
    MUST(again.kind == m->kind && again.identifier == m->identifier);
    MUST(again.sequence == m->sequence && span_equal(again.payload, m->payload));
}

/* Give a message a right checksum, or nothing behind it would ever be reached. */
static void mend(uint8_t *bytes, size_t len)
{
    uint16_t sum;

    if (len < 4)
        return;
    bytes[2] = bytes[3] = 0;
    sum = icmp_checksum((struct kedge_span){ bytes, len });
    bytes[2] = (uint8_t)(sum >> 8);
    bytes[3] = (uint8_t)sum;
}

static void check_message(struct kedge_span bytes, enum icmp_version version)
{
    struct icmp_message m;

    if (!icmp_parse(bytes, version, &m))
        return;
    if (m.kind == ICMP_KIND_REQUEST || m.kind == ICMP_KIND_REPLY) {
        check_echo(&m, version, bytes);
        check_stamp(m.payload);
    }
    MUST(m.mtu == 0 || m.kind == ICMP_KIND_TOO_BIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = { .left = { data, size } };
    uint8_t flags = take_u8(&r);
    size_t len = r.left.len;
    uint8_t *bytes = malloc(len);

    MUST(bytes || len == 0);
    if (len > 0)
        memcpy(bytes, r.left.ptr, len);
    if (flags & 2)
        mend(bytes, len);
    check_message((struct kedge_span){ bytes, len }, flags & 1 ? ICMP_V6 : ICMP_V4);
    check_stamp((struct kedge_span){ bytes, len });
    check_mark((struct kedge_span){ bytes, len });
    free(bytes);
    return 0;
}
