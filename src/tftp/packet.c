/* SPDX-License-Identifier: MIT */
/* Packets of a transfer: DATA, ACK, ERROR (RFC 1350) and OACK (RFC 2347). */
#include "kedge/tftp.h"

#include "base/bytes.h"

bool kedge_tftp_parse(struct kedge_span datagram, struct kedge_tftp_packet *out)
{
    struct reader r = { .left = datagram };
    uint16_t op = take_u16(&r);

    if (r.bad || op < KEDGE_TFTP_DATA || op > KEDGE_TFTP_OACK)
        return false;
    out->op = (enum kedge_tftp_op)op;
    out->number = op == KEDGE_TFTP_OACK ? 0 : take_u16(&r);
    out->body = r.left;
    return !r.bad;
}

static size_t finished(const struct writer *w)
{
    return w->bad ? 0 : w->len;
}

static size_t write_pair(uint8_t *buf, size_t room, uint16_t op, uint16_t number)
{
    struct writer w = { .ptr = buf, .room = room };

    put_u16(&w, op);
    put_u16(&w, number);
    return finished(&w);
}

size_t kedge_tftp_write_data(uint8_t *buf, size_t room, uint16_t block)
{
    return write_pair(buf, room, KEDGE_TFTP_DATA, block);
}

size_t kedge_tftp_write_ack(uint8_t *buf, size_t room, uint16_t block)
{
    return write_pair(buf, room, KEDGE_TFTP_ACK, block);
}

size_t kedge_tftp_write_error(uint8_t *buf, size_t room, uint16_t code, const char *text)
{
    struct writer w = { .ptr = buf, .room = room };
    struct kedge_span said = span_of(text);

    if (room < KEDGE_TFTP_ERROR_MIN)
        return 0;
    if (said.len > room - KEDGE_TFTP_ERROR_MIN)
        said.len = 0;
    put_u16(&w, KEDGE_TFTP_ERROR);
    put_u16(&w, code);
    put_string(&w, said);
    return finished(&w);
}
