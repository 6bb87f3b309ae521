/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/pace.c. */
/* With: base/number.c tftp/block.c tftp/rtt.c tftp/bursts.c */
#include "contracts.h"
#include "machine.h"

#include "tftp/pace.c"

void prove_pace(void)
{
    struct kedge_tftp_sender s;

    any_sender(&s);
    pace_init(&s);
    any_sender(&s);
    pace_begin(&s, any_u64(), any_u64());
    pace_lost(&s, any_bool());
    pace_went_well(&s);
    pace_undo(&s);
    (void)pace_pause(&s);
}

void prove_pace_measure(void)
{
    struct kedge_tftp_sender s;

    any_sender(&s);
    pace_measure(&s, any_u64(), any_u64());
}
