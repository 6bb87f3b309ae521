/* SPDX-License-Identifier: MIT */
/* One datagram as the checks keep it: its first bytes and where it went, to be said in words
 * and shown as text and hex. What came from the wire is escaped wherever it is printed. */
#ifndef CHECK_PACKET_H
#define CHECK_PACKET_H

#include "base/bytes.h"

#include <stdio.h>

enum { CHECK_HEAD = 160, CHECK_WORDS = 320 };

struct check_packet {
    kedge_nanos at;
    uint16_t from, to; /* UDP ports */
    bool sent;         /* by kedge */
    uint32_t len;      /* of the whole datagram */
    uint32_t head_len; /* of what is kept */
    uint8_t head[CHECK_HEAD];
};

/* The opcode of a datagram; 0 where it has none. */
uint16_t check_opcode(struct kedge_span datagram);
/* The second field: a block, or the code of an ERROR. 0 where there is none. */
uint16_t check_number(struct kedge_span datagram);

/* The value of an option in a list of NUL-ended pairs, its name without case. False if it
 * is not there. */
KEDGE_MUST_CHECK bool check_option(struct kedge_span list, const char *name,
                                   struct kedge_span *value);

/* A request's name, its mode and its list of options. False if it is not whole. */
KEDGE_MUST_CHECK bool check_request(struct kedge_span datagram, struct kedge_span *name,
                                    struct kedge_span *mode, struct kedge_span *options);

struct check_words {
    char text[CHECK_WORDS];
};

/* "DATA 3, 512 bytes", "OACK tsize=2000", "7 bytes with opcode 768". */
struct check_words check_in_words(const struct check_packet *p);

/* The first bytes as hex and as text, 16 a line, `indent` blanks in front; ^^ stands below
 * the marked ones. */
void check_hex(FILE *out, const struct check_packet *p, size_t mark, size_t mark_len,
               int indent);

#endif
