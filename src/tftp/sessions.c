/* SPDX-License-Identifier: MIT */
/* A transfer's life in the table: when it is due, how it ended, and its release. */
#include "tftp/sessions.h"

#include "base/number.h"
#include "tftp/admission.h"
#include "tftp/port_memory.h"
#include "tftp/request_rate.h"
#include "tftp/table.h"

void tftp_sessions_settle(struct tftp_sessions *t, struct tftp_session *s)
{
    kedge_nanos at = KEDGE_NEVER;
    kedge_nanos opens = request_rate_opens(t, s);

    if (session_advanced(s))
        budget_refund(t, s);
    port_memory_ended(t, s, tftp_session_outcome(s));
    if (s->state == TFTP_LIVE)
        at = kedge_tftp_machine_deadline(&s->machine);
    if (opens > at && !s->slowed) {
        s->slowed = true;
        t->slowed++;
    }
    if (opens > at)
        s->machine.sender.pace.waits = false; /* held here, not late */
    at = max_u64(at, opens);
    deadlines_set(&t->deadlines, tftp_session_number(t, s), at);
}

static void session_release(struct tftp_sessions *t, struct tftp_session *s,
                            kedge_nanos now)
{
    uint32_t number = tftp_session_number(t, s);

    port_memory_ended(t, s, tftp_session_outcome(s));
    if (s->linked && s->state != TFTP_WAITING)
        table_remember(t, s, now);
    table_unlink(t, s);
    admission_leave(t, s);
    deadlines_set(&t->deadlines, number, KEDGE_NEVER);
    s->state = TFTP_FREE;
    s->next = t->free;
    t->free = number + 1;
    t->used--;
}

void tftp_sessions_release(struct tftp_sessions *t, struct tftp_session *s,
                           kedge_nanos now)
{
    KEDGE_ASSERT(s->state != TFTP_FREE);
    session_release(t, s, now);
}

struct tftp_session *tftp_sessions_due(struct tftp_sessions *t, kedge_nanos now)
{
    uint32_t number;

    while (deadlines_pop(&t->deadlines, now, &number)) {
        if (t->all[number].state != TFTP_WAITING)
            return &t->all[number];
        t->dropped[TFTP_DROP_OVER_BUDGET]++;
        session_release(t, &t->all[number], now);
    }
    return NULL;
}

kedge_nanos tftp_sessions_deadline(const struct tftp_sessions *t)
{
    return deadlines_next(&t->deadlines);
}

enum kedge_tftp_outcome tftp_session_outcome(const struct tftp_session *s)
{
    enum kedge_tftp_outcome outcome = s->outcome;
    const struct kedge_tftp_half *half = &s->machine.half;

    if (outcome == KEDGE_TFTP_RUNNING && s->state == TFTP_LIVE)
        outcome = kedge_tftp_machine_outcome(&s->machine);
    if (outcome != KEDGE_TFTP_ABORTED || !s->machine.sends || half->base > 1)
        return outcome;
    /* The size was asked for and told, and that was all (iPXE, EDK2, PXE ROMs). */
    if ((s->granted.has & KEDGE_TFTP_HAS_TSIZE) &&
        (half->code == KEDGE_TFTP_UNDEFINED || half->code == KEDGE_TFTP_BAD_OPTION))
        return KEDGE_TFTP_PROBE;
    return outcome;
}
