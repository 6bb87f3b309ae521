/* SPDX-License-Identifier: MIT */
/* The proof of src/base/hash.c. */
#include "proof.h"

#include "base/hash.c"

void prove_hash_keyed(void)
{
    struct hash_key key = { any_u64(), any_u64() };
    ANY_SPAN(bytes, 40);

    (void)hash_keyed(&key, bytes);
}
