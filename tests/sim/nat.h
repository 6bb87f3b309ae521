/* SPDX-License-Identifier: MIT */
/* A box between clients and the server: it gives them its own address, and lets in only what it
 * has a mapping for. Nobody on either side knows of it. */
#ifndef TESTS_SIM_NAT_H
#define TESTS_SIM_NAT_H

#include "kedge/base.h"

enum nat_kind {
    NAT_SYMMETRIC, /* another outside port for each port of the server, and for nothing else */
    NAT_PRESERVING, /* the same port outside; only what was spoken to may answer */
    NAT_CONE,       /* the same port outside; any port of the server may answer */
    NAT_SHUT, /* a firewall: all may come in, and only the request port be spoken to */
};

enum { NAT_MAPPINGS = 64 };

struct nat_mapping {
    uint32_t actor;
    uint16_t inside;
    uint16_t outside;
    uint16_t socket; /* of the server */
    kedge_nanos used;
};

struct nat {
    /* Set before the start. */
    enum nat_kind kind;
    uint32_t address;  /* outside: the number of an actor */
    kedge_nanos lives; /* what was not used for so long is forgotten; 0: never */
    /* Its own. */
    uint16_t next;
    unsigned mappings;
    struct nat_mapping map[NAT_MAPPINGS];
};

/* A datagram goes out. False: it may not; else its port outside. */
KEDGE_MUST_CHECK bool nat_out(struct nat *n, const struct nat_mapping *from,
                              kedge_nanos now, uint16_t *outside);

/* One comes in, from a socket of the server to a port outside. False: it may not; else whose it
 * is, and its port inside. */
KEDGE_MUST_CHECK bool nat_in(struct nat *n, uint16_t socket, uint16_t outside,
                             kedge_nanos now, struct nat_mapping *to);

#endif
