/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/block.c. */
#include "tftp/block.c"

#include "proof.h"

void prove_wire(void)
{
    (void)kedge_tftp_wire(any_u64(), (uint32_t)any_below(2));
}

void prove_unwrap(void)
{
    uint64_t block;

    if (kedge_tftp_unwrap(any_u64(), any_u64(), (uint16_t)any_u64(),
                          (uint32_t)any_below(2), &block))
        block++;
}
