#include "ask/probe_target.h"

#include "ask/probe_payload.h"

static struct stamp stamp_of(const struct probe_target *t, uint64_t sequence,
                             kedge_nanos sent)
{
    return (struct stamp){ .run = t->run, .sequence = sequence, .sent_ns = sent };
}

void probe_send(struct probe_target *t, kedge_nanos intended)
{
    struct writer w = { .ptr = t->shared->scratch, .room = PROBE_SCRATCH / 2 };
    kedge_nanos now = loop_clock();
    uint64_t sequence = account_send(&t->account, intended, now);
    struct stamp stamp = stamp_of(t, sequence, now);

    payload_put(&w, &stamp, t->plan->size);
    t->kind->send(t, written(&w), sequence);
}

static void settle(struct probe_target *t, struct kedge_span payload, uint64_t sequence)
{
    kedge_nanos now = loop_clock(), sent = 0;
    struct stamp stamp;

    if (account_sent_at(&t->account, sequence, &sent)) {
        stamp = stamp_of(t, sequence, sent);
        if (!payload_intact(payload, &stamp, t->plan->size))
            account_altered(&t->account, sequence);
    }
    self_awake(&t->shared->self, now);
    t->account.self_until = t->shared->self.late_until;
    if (account_reply(&t->account, sequence, now))
        stalls_reply(&t->stalls,
                     &(struct stall_reply){ .sent = sent,
                                            .now = now,
                                            .rtt_min = t->account.rtt.min,
                                            .self_from = t->shared->self.late_from,
                                            .self_until = t->shared->self.late_until });
}

/* The stamp's word. False: it has none, or one that is damaged. *stray: of another run. */
static bool by_stamp(const struct probe_target *t, struct kedge_span payload,
                     uint64_t *sequence, bool *stray)
{
    struct stamp stamp;

    *stray = false;
    if (t->plan->size < STAMP_SIZE || !stamp_parse(payload, &stamp))
        return false;
    *sequence = stamp.sequence;
    *stray = stamp.run != t->run;
    return true;
}

void probe_answered(struct probe_target *t, struct kedge_span payload)
{
    uint64_t sequence = 0;
    bool stray = false;

    if (t->account.sent == 0) {
        t->account.stray++;
        return;
    }
    if (!by_stamp(t, payload, &sequence, &stray) &&
        !account_oldest(&t->account, &sequence))
        sequence = t->account.sent - 1;
    if (stray)
        t->account.stray++;
    else
        settle(t, payload, sequence);
}

void probe_answered_as(struct probe_target *t, struct kedge_span payload,
                       uint16_t sequence)
{
    uint64_t whole = 0;
    bool stray = false;

    if (!by_stamp(t, payload, &whole, &stray) || stray || (uint16_t)whole != sequence)
        whole = account_unwrap(&t->account, sequence);
    settle(t, payload, whole);
}

void probe_unsent(struct probe_target *t, uint64_t sequence, int code)
{
    t->code = code;
    account_unsent(&t->account, sequence);
}

void probe_refused(struct probe_target *t, int code)
{
    uint64_t sequence = 0;

    t->code = code;
    if (account_oldest(&t->account, &sequence))
        account_refused(&t->account, sequence);
}

int probe_watch(struct probe_target *t, int fd,
                void (*ready)(void *target, unsigned events))
{
    t->watch = (struct loop_watch){ .ready = ready, .owner = t };
    return loop_watch_add(&t->shared->loop, &t->watch, fd, LOOP_READ);
}
