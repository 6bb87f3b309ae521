/* SPDX-License-Identifier: MIT */
/* A keyed hash (SipHash-2-4, Aumasson and Bernstein 2012): whoever lacks the key can neither
 * foresee its values nor learn the key from them. It is no hash for files. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "kedge/base.h"

struct hash_key {
    uint64_t a, b;
};

/* 64 bits of any number of bytes. The same on every machine. */
uint64_t hash_keyed(const struct hash_key *key, struct kedge_span bytes);

#endif
