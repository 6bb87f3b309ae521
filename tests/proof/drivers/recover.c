/* With: base/number.c proto/tftp/machine.c proto/tftp/sender.c proto/tftp/receiver.c
 *       proto/tftp/block.c proto/tftp/rtt.c proto/tftp/bursts.c proto/tftp/pace.c proto/tftp/client.c
 *       proto/tftp/packet.c proto/tftp/grant.c proto/tftp/options.c base/bytes.c */
#include "proto/tftp/recover.c"

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
