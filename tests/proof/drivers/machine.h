/* SPDX-License-Identifier: MIT */
/* Arbitrary states of the machines: any times, counts and flags, and what their
 * constructors and the options guarantee of the rest (the bounds of terms, of bursts). */
#ifndef PROOF_MACHINE_H
#define PROOF_MACHINE_H

#include "kedge/tftp.h"
#include "proof.h"

static inline struct kedge_tftp_terms any_terms(void)
{
    struct kedge_tftp_terms t;

    Frama_C_make_unknown((char *)&t, sizeof t);
    t.blksize = (uint32_t)any_from_to(KEDGE_TFTP_BLKSIZE_MIN, KEDGE_TFTP_BLKSIZE_MAX);
    t.window = (uint32_t)any_from_to(1, KEDGE_TFTP_WINDOW_MAX);
    t.rollover = (uint32_t)any_below(2);
    return t;
}

static inline enum kedge_tftp_outcome any_outcome(void)
{
    return (enum kedge_tftp_outcome)any_from_to(KEDGE_TFTP_RUNNING, KEDGE_TFTP_FAILED);
}

static inline void any_sender(struct kedge_tftp_sender *s)
{
    Frama_C_make_unknown((char *)s, sizeof *s);
    s->half.terms = any_terms();
    s->half.outcome = any_outcome();
    s->expired = any_bool();
    s->pace.waits = any_bool();
    s->pace.forgot = any_bool();
    s->half.validated = any_bool();
    s->half.refuse = any_bool();
    s->bursts = (unsigned)any_from_to(0, KEDGE_TFTP_BURSTS);
    for (int i = 0; i < KEDGE_TFTP_BURSTS; i++)
        s->burst[i].again = any_bool();
}

static inline void any_receiver(struct kedge_tftp_receiver *r)
{
    Frama_C_make_unknown((char *)r, sizeof *r);
    r->half.terms = any_terms();
    r->half.outcome = any_outcome();
    r->first_in_window = any_bool();
    r->half.validated = any_bool();
    r->due = any_bool();
    r->half.refuse = any_bool();
    r->phase = any_from_to(KEDGE_TFTP_TAKING, KEDGE_TFTP_LINGERING);
}

static inline void any_machine(struct kedge_tftp_machine *m)
{
    m->sends = any_bool();
    if (m->sends)
        any_sender(&m->sender);
    else
        any_receiver(&m->receiver);
}

#define ANY_PACKET(name)                                                                 \
    ANY_SPAN(name##_body, 2);                                                            \
    struct kedge_tftp_packet name = { (enum kedge_tftp_op)any_from_to(KEDGE_TFTP_DATA,   \
                                                                      KEDGE_TFTP_OACK),  \
                                      (uint16_t)any_u64(), name##_body }

#endif
