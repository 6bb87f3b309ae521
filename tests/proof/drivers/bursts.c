/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/bursts.c. */
#include "contracts.h"
#include "tftp/bursts.c"

#include "machine.h"

/* Shows: bursts_add */
void prove_bursts_add(void)
{
    struct kedge_tftp_sender s;
    struct kedge_tftp_burst b = { any_u64(), any_u64(), any_u64(), any_bool(), 0 };

    any_sender(&s);
    EACH(count, KEDGE_TFTP_BURSTS);
    s.bursts = (unsigned)count;
    bursts_add(&s, b);
    //@ assert bursts: s.bursts <= KEDGE_TFTP_BURSTS;
}

void prove_bursts_find(void)
{
    struct kedge_tftp_sender s;
    uint64_t block = any_u64();
    const struct kedge_tftp_burst *b;

    any_sender(&s);
    b = any_bool() ? bursts_newest(&s, block) : bursts_first(&s, block);
    if (b)
        (void)burst_left(b, block);
}
