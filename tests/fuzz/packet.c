/* SPDX-License-Identifier: MIT */
/* Packets and requests: what is parsed can be written, and is read as the same again. */
#include "fuzz.h"
#include "kedge/tftp.h"

#include <string.h>

static bool inside(struct kedge_span part, struct kedge_span whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.len <= whole.len &&
                             part.ptr + part.len <= whole.ptr + whole.len);
}

static bool same_options(const struct kedge_tftp_options *a,
                         const struct kedge_tftp_options *b)
{
    return a->has == b->has && a->blksize == b->blksize &&
           a->windowsize == b->windowsize && a->timeout_s == b->timeout_s &&
           a->utimeout_us == b->utimeout_us && a->rollover == b->rollover &&
           a->tsize == b->tsize;
}

static void check_packet(struct kedge_span in)
{
    struct kedge_tftp_packet p, again;
    uint8_t out[KEDGE_TFTP_HEADER];
    size_t len;

    if (!kedge_tftp_parse(in, &p))
        return;
    MUST(p.op >= KEDGE_TFTP_DATA && p.op <= KEDGE_TFTP_OACK && inside(p.body, in));
    if (p.op != KEDGE_TFTP_DATA && p.op != KEDGE_TFTP_ACK)
        return;
    len = p.op == KEDGE_TFTP_DATA ? kedge_tftp_write_data(out, sizeof out, p.number)
                                  : kedge_tftp_write_ack(out, sizeof out, p.number);
    MUST(len == KEDGE_TFTP_HEADER && memcmp(out, in.ptr, len) == 0);
    MUST(kedge_tftp_parse((struct kedge_span){ out, len }, &again));
    MUST(again.op == p.op && again.number == p.number);
}

/* A request that fits is the same when read again; one that does not fit is not written,
 * and its buffer is not passed. */
static void check_request(struct kedge_span in, size_t room)
{
    struct kedge_tftp_request q, again;
    uint8_t *out = malloc(room);
    size_t len;

    MUST(out || room == 0);
    if (kedge_tftp_parse_request(in, &q)) {
        MUST(q.op == KEDGE_TFTP_RRQ || q.op == KEDGE_TFTP_WRQ);
        MUST(inside(q.name, in) && in.len <= KEDGE_TFTP_REQUEST_MAX);
        MUST(!q.name.len || !memchr(q.name.ptr, 0, q.name.len));
        len = kedge_tftp_write_request(out, room, &q);
        MUST(len <= room);
        if (len > 0) {
            MUST(kedge_tftp_parse_request((struct kedge_span){ out, len }, &again));
            MUST(again.op == q.op && span_equal(again.name, q.name));
            MUST(q.mode == KEDGE_TFTP_OTHER_MODE || again.mode == q.mode);
            MUST(same_options(&again.options, &q.options));
        }
    }
    free(out);
}

static void check_error(struct kedge_span in, size_t room, uint16_t code)
{
    struct kedge_tftp_packet p;
    char text[256] = { 0 };
    uint8_t *out = malloc(room);
    size_t len;

    MUST(out || room == 0);
    if (in.len > 0)
        memcpy(text, in.ptr, in.len < sizeof text ? in.len : sizeof text - 1);
    len = kedge_tftp_write_error(out, room, code, text);
    MUST(len <= room && (len > 0) == (room >= KEDGE_TFTP_ERROR_MIN));
    if (len > 0) {
        MUST(kedge_tftp_parse((struct kedge_span){ out, len }, &p));
        MUST(p.op == KEDGE_TFTP_ERROR && p.number == code && out[len - 1] == 0);
        MUST(memcmp(p.body.ptr, text, p.body.len - 1) == 0);
    }
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = { .left = { data, size } };
    size_t room = take_u16(&r) % (KEDGE_TFTP_REQUEST_MAX + 1);

    check_packet(r.left);
    check_request(r.left, room);
    check_error(r.left, room, (uint16_t)size);
    return 0;
}
