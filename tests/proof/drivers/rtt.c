/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/rtt.c. */
/* With: base/number.c */
#include "tftp/rtt.c"

#include "proof.h"

void prove_rtt(void)
{
    struct kedge_tftp_rtt r;

    kedge_tftp_rtt_init(&r, any_u64(), any_u64());
    Frama_C_make_unknown((char *)&r, sizeof r);
    kedge_tftp_rtt_sample(&r, any_u64());
    (void)kedge_tftp_rto(&r);
}
