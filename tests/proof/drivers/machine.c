/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/machine.c. */
/* With: base/number.c tftp/block.c tftp/rtt.c tftp/bursts.c tftp/pace.c
 *       tftp/sender.c tftp/receiver.c */
#include "contracts.h"
#include "machine.h"

#include "tftp/machine.c"

/* Spec: kedge_tftp_sender_read. Shows: kedge_tftp_machine_read. */
void prove_machine_read(void)
{
    struct kedge_tftp_machine m;
    struct kedge_span store;
    ANY_PACKET(in);

    any_machine(&m);
    kedge_tftp_machine_read(&m, &in, any_u64(), &store);
    readable(store);
}

void prove_machine_write(void)
{
    struct kedge_tftp_machine m;

    any_machine(&m);
    (void)kedge_tftp_machine_write(&m, any_u64());
    (void)kedge_tftp_machine_deadline(&m);
}

void prove_machine_ends(void)
{
    struct kedge_tftp_machine m;

    any_machine(&m);
    if (any_bool())
        kedge_tftp_machine_end(&m, any_outcome(), Frama_C_interval(-1, 8));
    else
        kedge_tftp_machine_gone(&m, any_u64());
    (void)kedge_tftp_outcome_name(kedge_tftp_machine_outcome(&m));
}
