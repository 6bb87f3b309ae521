/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/receiver.c. */
/* With: base/number.c tftp/block.c tftp/rtt.c */
#include "tftp/receiver.c"

#include "contracts.h"
#include "machine.h"

void prove_receiver_init(void)
{
    struct kedge_tftp_terms terms = any_terms();
    struct kedge_tftp_receiver r;

    kedge_tftp_receiver_init(&r, &terms, any_bool(), any_u64(), any_u64());
}

void prove_receiver_read(void)
{
    struct kedge_tftp_receiver r;
    ANY_PACKET(in);

    any_receiver(&r);
    (void)kedge_tftp_receiver_read(&r, &in, any_u64());
}

void prove_receiver_write(void)
{
    struct kedge_tftp_receiver r;

    any_receiver(&r);
    (void)kedge_tftp_receiver_write(&r, any_u64());
}

void prove_receiver_told(void)
{
    struct kedge_tftp_receiver r;

    any_receiver(&r);
    kedge_tftp_receiver_committed(&r, any_u64());
}

/* Shows: kedge_tftp_receiver_again. */
void prove_receiver_again(void)
{
    struct kedge_tftp_receiver r;

    any_receiver(&r);
    kedge_tftp_receiver_again(&r, any_u64());
}
