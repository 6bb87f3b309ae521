/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/verdict.c. */
/* With: base/bytes.c base/number.c tftp/table.c tftp/sessions.c tftp/machine.c
 *       tftp/admission.c */
#include "table.h"

#include "tftp/verdict.c"

static struct verdict_facts any_facts(void)
{
    struct verdict_facts f;

    Frama_C_make_unknown((char *)&f, sizeof f);
    f.op = (enum kedge_tftp_op)any_from_to(KEDGE_TFTP_RRQ, KEDGE_TFTP_WRQ);
    f.outcome = any_outcome();
    f.fault = any_from_to(FAULT_NONE, FAULT_STORAGE);
    f.icmp = any_from_to(ICMP_SAYS_NOTHING, ICMP_SAYS_UNREACHABLE);
    f.from = any_from_to(TFTP_FROM_DATA, TFTP_FROM_REQUEST);
    f.moved = any_bool();
    f.barred = any_bool();
    f.displaced = any_bool();
    f.stopped_before = any_bool();
    f.validated = any_bool();
    return f;
}

void prove_verdict(void)
{
    struct verdict_facts f = any_facts();
    enum verdict v = verdict_of(&f);

    //@ assert one: VERDICT_NONE <= v < VERDICTS;
}

void prove_id(void)
{
    EACH(v, VERDICTS - 1);
    const char *id = verdict_id((enum verdict)v);

    //@ assert some: \valid_read(id);
}

void prove_facts(void)
{
    struct tftp_sessions t;
    struct tftp_session s;
    struct verdict_facts f;

    Frama_C_make_unknown((char *)&t, sizeof t);
    t.limits.single_port = any_bool();
    any_session(&s);
    any_live(&s);
    verdict_facts_of(&t, &s, &f);
}

/* Spec: hash_bytes. */
void prove_stopped(void)
{
    struct tftp_sessions t;
    struct tftp_session s;
    struct verdict_stops stops;

    Frama_C_make_unknown((char *)&t, sizeof t);
    any_session(&s);
    Frama_C_make_unknown((char *)&stops, sizeof stops);
    (void)verdict_stopped_again(&stops, &t, &s, any_u64());
}
