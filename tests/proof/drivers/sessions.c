/* With: base/bytes.c base/number.c base/deadlines.c proto/tftp/block.c proto/tftp/rtt.c
 *       proto/tftp/bursts.c proto/tftp/pace.c proto/tftp/sender.c proto/tftp/receiver.c
 *       proto/tftp/machine.c */
#include "proto/tftp/sessions.c"

#include "machine.h"

void prove_hash(void)
{
    ANY_SPAN(bytes, 20);

    (void)hash_bytes(any_u64(), bytes);
}

void prove_outcome(void)
{
    struct tftp_session s = { .outcome = any_outcome() };

    s.state = any_bool() ? TFTP_OPENING : TFTP_LIVE;
    s.granted.has = (unsigned)any_u64();
    any_machine(&s.machine);
    (void)session_proved(&s);
    (void)tftp_session_outcome(&s);
}
