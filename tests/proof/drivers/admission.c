/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/admission.c. */
/* With: base/bytes.c base/number.c base/deadlines.c tftp/sessions.c tftp/table.c
 *       tftp/machine.c tftp/port_memory.c */
#include "table.h"

#include "tftp/admission.c"

void prove_budget(void)
{
    struct tftp_sessions t;
    struct tftp_peer peer = any_peer();

    any_table(&t);
    ANY_SESSION_OF(t, s);
    (void)budget_left(&t, &peer);
    budget_charge(&t, s);
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: deadlines_set. */
void prove_refund(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    budget_refund(&t, s);
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: deadlines_set. */
void prove_leave(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    admission_leave(&t, s);
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: deadlines_set. */
void prove_wait(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    if (admission_may_wait(&t, &s->peer) && any_bool())
        admission_wait(&t, s, any_u64());
    else
        admission_wait_on(&t, s, any_u64());
    //@ slevel merge;
    each_link_is_a_place(&t);
}

void prove_place(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    if (admission_has_place(&t, &s->peer) && admission_may_upload(&t, &s->peer))
        admission_take_place(&t, s);
    //@ slevel merge;
    each_link_is_a_place(&t);
}

void prove_admitted(void)
{
    struct tftp_sessions t;
    struct tftp_session *s;

    any_table(&t);
    s = tftp_sessions_admitted(&t);
    //@ assert of_the_table: s == \null || \subset(s, t.all + (0 .. SLOTS - 1));
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: session_validated. */
void prove_gives_way(void)
{
    struct tftp_sessions t;
    struct tftp_peer peer = any_peer();
    struct tftp_session *s;

    any_table(&t);
    s = admission_gives_way(&t, &peer, any_u64());
    //@ assert of_the_table: s == \null || \subset(s, t.all + (0 .. SLOTS - 1));
    //@ slevel merge;
    each_link_is_a_place(&t);
}
