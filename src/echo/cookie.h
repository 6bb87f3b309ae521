/* SPDX-License-Identifier: MIT */
/* A cookie validates an address: who returns it receives what is sent there. It is a keyed
 * hash of the peer and of the hour, so the server remembers nothing. Pure: the key and the
 * time are arguments. The hash is SipHash-2-4 (Aumasson and Bernstein, 2012). */
#ifndef ECHO_COOKIE_H
#define ECHO_COOKIE_H

#include "base/bytes.h"

#define COOKIE_KEY 16
#define COOKIE_LIFE (3600 * KEDGE_SEC) /* at least; at most twice as long */

uint64_t siphash(const uint8_t key[COOKIE_KEY], struct kedge_span bytes);

/* Never 0. peer: the bytes that name it, its port among them; at most 64. */
uint64_t cookie_of(const uint8_t key[COOKIE_KEY], struct kedge_span peer,
                   kedge_nanos now);

/* True if it is peer's cookie of this hour or of the last. */
KEDGE_MUST_CHECK bool cookie_proves(const uint8_t key[COOKIE_KEY], struct kedge_span peer,
                                    uint64_t cookie, kedge_nanos now);

#endif
