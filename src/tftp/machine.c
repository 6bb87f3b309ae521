/* SPDX-License-Identifier: MIT */
/* A sender or a receiver, for owners that hold either. */
#include "kedge/tftp.h"

void kedge_tftp_machine_read(struct kedge_tftp_machine *m,
                             const struct kedge_tftp_packet *in, kedge_nanos now,
                             struct kedge_span *store)
{
    *store = (struct kedge_span){ 0 };
    if (m->sends)
        kedge_tftp_sender_read(&m->sender, in, now);
    else if (kedge_tftp_receiver_read(&m->receiver, in, now))
        *store = in->body;
}

struct kedge_tftp_action kedge_tftp_machine_write(struct kedge_tftp_machine *m,
                                                  kedge_nanos now)
{
    return m->sends ? kedge_tftp_sender_write(&m->sender, now)
                    : kedge_tftp_receiver_write(&m->receiver, now);
}

kedge_nanos kedge_tftp_machine_deadline(const struct kedge_tftp_machine *m)
{
    return m->half.deadline;
}

enum kedge_tftp_outcome kedge_tftp_machine_outcome(const struct kedge_tftp_machine *m)
{
    if (m->half.outcome == KEDGE_TFTP_RUNNING && !m->sends &&
        m->receiver.phase == KEDGE_TFTP_LINGERING)
        return KEDGE_TFTP_OK; /* the file is kept; only the last ACK may be asked for */
    return m->half.outcome;
}

void kedge_tftp_machine_end(struct kedge_tftp_machine *m, enum kedge_tftp_outcome outcome,
                            int code)
{
    if (kedge_tftp_machine_outcome(m) != KEDGE_TFTP_RUNNING)
        return;
    m->half.outcome = outcome;
    m->half.refuse = code >= 0;
    m->half.code = (uint16_t)(code >= 0 ? code : 0);
    m->half.deadline = KEDGE_NEVER;
}

void kedge_tftp_machine_gone(struct kedge_tftp_machine *m, kedge_nanos now)
{
    if (m->sends)
        kedge_tftp_sender_gone(&m->sender, now);
    else
        kedge_tftp_receiver_gone(&m->receiver, now);
}

const char *kedge_tftp_outcome_name(enum kedge_tftp_outcome outcome)
{
    switch (outcome) {
    case KEDGE_TFTP_OK:
        return "ok";
    case KEDGE_TFTP_UNCONFIRMED:
        return "unconfirmed";
    case KEDGE_TFTP_CHANGED:
        return "changed";
    case KEDGE_TFTP_PROBE:
        return "probe";
    case KEDGE_TFTP_ABORTED:
        return "aborted";
    case KEDGE_TFTP_TIMEOUT:
        return "timeout";
    case KEDGE_TFTP_REFUSED:
        return "refused";
    case KEDGE_TFTP_GONE:
        return "gone";
    case KEDGE_TFTP_REPLACED:
        return "replaced";
    default:
        return "error";
    }
}
