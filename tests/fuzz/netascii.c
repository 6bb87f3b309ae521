/* SPDX-License-Identifier: MIT */
/* netascii: however text is cut into blocks and buffers, the translation is the same, and
 * what was encoded decodes to what it was. */
#include "fuzz.h"
#include "kedge/tftp.h"

#include <string.h>

enum { TEXT_MAX = 512, WIRE_MAX = 2 * TEXT_MAX + 2 };

typedef size_t translate(struct kedge_netascii *n, struct kedge_span in, uint8_t *out,
                         size_t room, size_t *used);

struct buffer {
    uint8_t bytes[WIRE_MAX];
    size_t len;
};

/* In pieces whose lengths the cuts tell; an empty piece or room is one of them. */
static struct kedge_netascii in_pieces(translate *step, struct kedge_span in,
                                       struct kedge_span cuts, struct buffer *out)
{
    struct kedge_netascii n = { 0 };
    struct reader r = { .left = cuts };

    out->len = 0;
    while (in.len > 0 || (step == kedge_netascii_encode && n.holds)) {
        bool random = r.left.len > 0;
        uint8_t cut = take_u8(&r);
        struct kedge_span piece = { in.ptr, random ? cut & 15u : in.len };
        size_t room = random ? cut >> 4 : WIRE_MAX;
        size_t used = SIZE_MAX, len;

        piece.len = piece.len < in.len ? piece.len : in.len;
        room = room < WIRE_MAX - out->len ? room : WIRE_MAX - out->len;
        len = step(&n, piece, out->bytes + out->len, room, &used);
        MUST(len <= room && used <= piece.len);
        MUST(len > 0 || used > 0 || piece.len == 0 || room == 0);
        MUST(used == piece.len || len == room);
        out->len += len;
        if (used > 0)
            in = (struct kedge_span){ in.ptr + used, in.len - used };
    }
    return n;
}

static void finish(struct kedge_netascii *n, struct buffer *out)
{
    MUST(kedge_netascii_finish(n, out->bytes, 0) == 0);
    out->len += kedge_netascii_finish(n, out->bytes + out->len, WIRE_MAX - out->len);
    MUST(!n->holds);
}

static void check_same(const struct buffer *a, const struct buffer *b)
{
    MUST(a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0);
}

static void check_wire(const struct buffer *wire)
{
    for (size_t i = 0; i < wire->len; i++) {
        uint8_t next = i + 1 < wire->len ? wire->bytes[i + 1] : 'x';

        MUST(wire->bytes[i] != '\r' || next == '\n' || next == 0);
        MUST(wire->bytes[i] != '\n' || (i > 0 && wire->bytes[i - 1] == '\r'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct kedge_span whole = { 0 };
    struct reader r = { .left = { data, size } };
    struct kedge_span cuts = take_some(&r, take_u8(&r));
    struct kedge_span text = take_some(&r, TEXT_MAX);
    struct buffer wire, same, back;
    struct kedge_netascii n;

    (void)in_pieces(kedge_netascii_encode, text, whole, &wire);
    (void)in_pieces(kedge_netascii_encode, text, cuts, &same);
    check_same(&wire, &same);
    check_wire(&wire);
    n = in_pieces(kedge_netascii_decode, (struct kedge_span){ wire.bytes, wire.len },
                  cuts, &back);
    MUST(!n.holds);
    MUST(back.len == text.len &&
         (text.len == 0 || !memcmp(back.bytes, text.ptr, text.len)));

    n = in_pieces(kedge_netascii_decode, text, whole, &same);
    finish(&n, &same);
    n = in_pieces(kedge_netascii_decode, text, cuts, &back);
    finish(&n, &back);
    check_same(&same, &back);
    MUST(back.len <= text.len);
    return 0;
}
