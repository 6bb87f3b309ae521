/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/recover.c. */
/* With: base/number.c tftp/machine.c tftp/sender.c tftp/receiver.c
 *       tftp/block.c tftp/rtt.c tftp/bursts.c tftp/pace.c tftp/client.c
 *       tftp/packet.c tftp/grant.c tftp/options.c base/bytes.c */
#include "tftp/recover.c"

#include "machine.h"

void prove_recovery(void)
{
    struct kedge_tftp_options asked;
    struct kedge_tftp_client c;
    struct tftp_recovery r;

    Frama_C_make_unknown((char *)&asked, sizeof asked);
    tftp_recovery_init(&r, &asked);
    r.attempts = (unsigned)any_u64();
    r.stalls = (unsigned)any_u64();
    r.stalled_at = any_u64();
    Frama_C_make_unknown((char *)&c, sizeof c);
    c.outcome = any_outcome();
    c.answered = any_bool();
    any_machine(&c.machine);
    (void)tftp_recovery_next(&r, &c);
    (void)tftp_recovery_patience(&r, any_u64());
}
