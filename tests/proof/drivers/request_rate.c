/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/request_rate.c. */
/* With: base/bytes.c base/number.c base/deadlines.c tftp/sessions.c tftp/table.c
 *       tftp/machine.c tftp/admission.c tftp/port_memory.c */
#include "table.h"

#include "tftp/request_rate.c"

/* Spec: hash_bytes. */
void prove_rate(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    any_live(s);
    (void)tftp_sessions_may_send(&t, s, any_u64());
    tftp_sessions_sent(&t, s, any_u32(), any_u64());
    //@ slevel merge;
    each_link_is_a_place(&t);
}
