/* SPDX-License-Identifier: MIT */
/* Who asks, and whom a section of the policy is for. Pure; addresses are bytes. */
#ifndef POLICY_CLIENT_H
#define POLICY_CLIENT_H

#include "base/bytes.h"

#define POLICY_MAC_BYTES 6
#define POLICY_MAC_TEXT 17 /* 52-54-00-12-34-56 */

enum policy_mac {
    POLICY_MAC_NONE,    /* behind a router, or of a kind of link without one */
    POLICY_MAC_PENDING, /* not known yet; the next request may find it */
    POLICY_MAC_KNOWN,
};

/* What its spans point to outlives the use. An IPv4 client on an IPv6 socket is one with
 * 4 bytes of address. */
struct policy_client {
    struct kedge_span address; /* 4 or 16 bytes, network order */
    struct kedge_span text;    /* the address as people write it */
    enum policy_mac mac_state;
    uint8_t mac[POLICY_MAC_BYTES];
    struct kedge_span interface; /* that the request came in on; empty: not known */
};

enum policy_match_kind { POLICY_ADDRESS, POLICY_MAC, POLICY_INTERFACE };

struct policy_match {
    enum policy_match_kind kind;
    uint8_t address[16];   /* POLICY_ADDRESS: the first `bits` count */
    uint8_t address_bytes; /* 4 or 16 */
    uint8_t bits;          /* of a prefix */
    uint8_t mac[POLICY_MAC_BYTES];
    uint8_t mac_bytes;           /* POLICY_MAC: so many count, from the first */
    struct kedge_span interface; /* POLICY_INTERFACE */
};

/* "52:54:00:*" or "52:54:00:12:34:56", also with `-`. False if it is none, and then *out
 * is as it was. "*" alone is every client with a known MAC. */
KEDGE_MUST_CHECK bool policy_mac_parse(struct kedge_span text, struct policy_match *out);

bool policy_client_matches(const struct policy_match *m, const struct policy_client *c);

/* Append 52-54-00-12-34-56. */
void policy_mac_put(struct writer *w, const uint8_t mac[POLICY_MAC_BYTES]);

#endif
