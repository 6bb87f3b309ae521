/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/sender.c. */
/* With: base/number.c tftp/block.c tftp/rtt.c tftp/bursts.c tftp/pace.c */
#include "contracts.h"
#include "machine.h"

#include "tftp/sender.c"

void prove_sender_init(void)
{
    struct kedge_tftp_terms terms = any_terms();
    struct kedge_tftp_sender s;

    kedge_tftp_sender_init(&s, &terms, any_below(2), any_bool(), any_u64());
    kedge_tftp_sender_end(&s, any_from_to(1, UINT64_MAX));
}

/* Shows: kedge_tftp_sender_read. Slevel: 30. */
void prove_sender_read(void)
{
    struct kedge_tftp_sender s;
    ANY_PACKET(in);

    any_sender(&s);
    kedge_tftp_sender_read(&s, &in, any_u64());
}

void prove_sender_write(void)
{
    struct kedge_tftp_sender s;

    any_sender(&s);
    (void)kedge_tftp_sender_write(&s, any_u64());
}

/* Shows: kedge_tftp_sender_again. */
void prove_sender_again(void)
{
    struct kedge_tftp_sender s;

    any_sender(&s);
    kedge_tftp_sender_again(&s, any_u64());
}

/* Assumes: KEDGE_ASSERT. Spec: bursts_add. Slevel: 200. */
void prove_sender_sent(void)
{
    struct kedge_tftp_sender s;

    any_sender(&s);
    kedge_tftp_sender_sent(&s, any_u64(), any_u64(), any_u64());
}
