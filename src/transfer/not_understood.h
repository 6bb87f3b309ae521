/* SPDX-License-Identifier: MIT */
/* Packets of the peer that brought a transfer nothing: how many, and the last in words, for
 * who would read "no answer" where answers came. */
#ifndef TRANSFER_NOT_UNDERSTOOD_H
#define TRANSFER_NOT_UNDERSTOOD_H

#include "kedge/endpoint.h"
#include "kedge/tftp.h"

enum packet_fault {
    PACKET_UNKNOWN,        /* not of TFTP, or cut */
    PACKET_SWAPPED_OPCODE, /* in the byte order of its host */
    PACKET_SWAPPED_BLOCK,  /* its number, the same */
    PACKET_UNEXPECTED,     /* no first answer to the request */
    PACKET_OTHER_PORT,     /* of the peer's host, but not of this transfer */
};

struct not_understood {
    uint64_t count;
    enum packet_fault fault; /* of the last; the rest is its, too */
    enum kedge_tftp_op op;
    uint16_t number;
    uint16_t port; /* of PACKET_OTHER_PORT */
};

/* What the transfer waits for. */
struct awaited {
    bool answered; /* its request was */
    uint64_t block;
    uint32_t window;
};

/* A datagram that is no packet of TFTP. */
void not_understood_datagram(struct not_understood *n, struct kedge_span datagram);

/* A packet that was read; one of those awaited does not count. */
void not_understood_packet(struct not_understood *n, const struct kedge_tftp_packet *in,
                           const struct awaited *a);

void not_understood_port(struct not_understood *n, const struct kedge_tftp_packet *in,
                         uint16_t port);

/* Add "; 3 packets not understood, the last: ..." to the line, or nothing. */
void not_understood_explain(const struct not_understood *n, struct kedge_error *line);

#endif
