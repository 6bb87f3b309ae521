/* SPDX-License-Identifier: MIT */
/* A request is hashed whole, of any length. */
/* Functions: mix, hash_bytes */
#include "contracts.h"

/*@ assigns \nothing; */
static uint64_t mix(uint64_t h);

#include "tftp/table.c"
