/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/packet.c. */
/* With: base/bytes.c */
#include "contracts.h"
#include "proof.h"

#include "tftp/packet.c"

enum { BYTES = 64, TEXT = 8 };

void prove_parse(void)
{
    ANY_SPAN(datagram, BYTES);
    struct kedge_tftp_packet p;

    if (kedge_tftp_parse(datagram, &p)) {
        //@ assert known: 3 <= p.op <= 6;
        readable(p.body);
    }
}

void prove_write_pairs(void)
{
    EACH(room, KEDGE_TFTP_HEADER + 1);
    ANY_BYTES(buf, room);

    (void)kedge_tftp_write_data(buf, room, (uint16_t)any_u64());
    (void)kedge_tftp_write_ack(buf, room, (uint16_t)any_u64());
}

/* Shows: kedge_tftp_write_error. */
void prove_write_error(void)
{
    EACH(room, KEDGE_TFTP_ERROR_MIN + TEXT + 1);
    ANY_BYTES(buf, room);
    ANY_TEXT(text, TEXT);
    size_t len = kedge_tftp_write_error(buf, room, (uint16_t)any_u64(), text);

    //@ assert within: len <= room;
}
