/* SPDX-License-Identifier: MIT */
/* The proof of src/echo/cookie.c. */
/* With: base/bytes.c */
#include "contracts.h"

#include "echo/cookie.c"

#include "proof.h"

enum { BYTES = 20 };

/* Shows: siphash */
void prove_siphash(void)
{
    ANY_BYTES(key, COOKIE_KEY);
    ANY_SPAN(bytes, BYTES);

    (void)siphash(key, bytes);
}

/* Spec: siphash */
void prove_token(void)
{
    ANY_BYTES(key, COOKIE_KEY);
    ANY_SPAN(peer, PEER_MAX);

    (void)cookie_of(key, peer, any_u64());
    (void)cookie_proves(key, peer, any_u64(), any_u64());
}
