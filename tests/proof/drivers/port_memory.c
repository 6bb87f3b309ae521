/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/port_memory.c. */
/* With: base/bytes.c base/number.c base/deadlines.c tftp/sessions.c tftp/table.c
 *       tftp/machine.c tftp/admission.c */
#include "table.h"

#include "tftp/port_memory.c"

/* Spec: hash_bytes. */
void prove_prefers(void)
{
    struct tftp_sessions t;
    struct kedge_span none = { NULL, 0 };
    struct tftp_arrival in = any_arrival(none);
    uint32_t socket;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    (void)port_memory_prefers(&t, s, any_u64());
    if (tftp_sessions_silent(&t, &in, &socket))
        //@ assert written: \initialized(&socket);
        ;
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: hash_bytes. */
void prove_note(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    port_memory_answered(&t, s, any_u64());
    port_memory_settled(&t, s);
    port_memory_silent(&t, s, any_u64());
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: hash_bytes. */
void prove_ended(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    any_live(s);
    port_memory_ended(&t, s, tftp_session_outcome(s));
    //@ slevel merge;
    each_link_is_a_place(&t);
}
