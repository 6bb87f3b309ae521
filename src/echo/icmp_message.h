/* SPDX-License-Identifier: MIT */
/* ICMP and ICMPv6 echo messages, from the ICMP header on (RFC 792, RFC 4443), and the
 * errors that routers and hosts send about them. Pure: bytes in, values out.
 *
 * The checksum of ICMPv6 covers addresses that are not seen here: it is left 0 for the
 * kernel to fill in, and not checked. That of ICMP is written and checked. */
#ifndef ECHO_ICMP_MESSAGE_H
#define ECHO_ICMP_MESSAGE_H

#include "base/bytes.h"

#define ICMP_HEADER 8

enum icmp_version { ICMP_V4, ICMP_V6 };

enum icmp_kind {
    ICMP_KIND_REQUEST,
    ICMP_KIND_REPLY,
    ICMP_KIND_UNREACHABLE,  /* host, network, port or protocol: see code */
    ICMP_KIND_TOO_BIG,      /* did not fit a link: see mtu */
    ICMP_KIND_TIME_EXCEEDED /* its hop limit ran out */
};

struct icmp_message {
    enum icmp_kind kind;
    uint8_t code;
    uint16_t identifier;       /* of the echo message; in an error, of the one quoted */
    uint16_t sequence;         /* likewise */
    uint16_t mtu;              /* of the link, in TOO_BIG; 0: not told */
    struct kedge_span payload; /* request and reply */
};

/* Append an echo request or reply; its code is 0. Bad if it does not fit. Of the message
 * only kind, identifier, sequence and payload are looked at. */
void icmp_echo_put(struct writer *w, enum icmp_version version,
                   const struct icmp_message *m);

/* Read one message. False if it is short, of another type, has a wrong checksum (V4), or
 * is an error about something else than an echo request; *out is then not to be read. */
KEDGE_MUST_CHECK bool icmp_parse(struct kedge_span bytes, enum icmp_version version,
                                 struct icmp_message *out);

/* The Internet checksum (RFC 1071) of the bytes: 0 over a message with a right one. */
uint16_t icmp_checksum(struct kedge_span bytes);

#endif
