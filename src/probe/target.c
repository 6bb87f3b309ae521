#include "probe/target.h"

#include "results/notes.h"
#include "probe/payload.h"

#include <errno.h>

/* Before the token came, probes had none. */
static struct payload payload_of(const struct probe_target *t, uint64_t sequence,
                                 kedge_nanos sent)
{
    const struct peer *p = &t->peer;

    return (struct payload){
        .stamp = { .flags = p->asks ? STAMP_ASKS : 0,
                   .run = t->run,
                   .sequence = sequence,
                   .sent_ns = sent },
        .token = sequence >= p->now.first ? p->token : 0,
        .size = t->plan->size,
        .key = t->plan->key,
    };
}

void probe_send(struct probe_target *t, kedge_nanos intended)
{
    struct writer w = { .ptr = t->shared->scratch, .room = PROBE_SCRATCH / 2 };
    kedge_nanos now = loop_clock();
    uint64_t sequence = account_send(&t->account, intended, now);
    struct payload payload = payload_of(t, sequence, now);

    payload_put(&w, &payload);
    t->kind->send(t, written(&w), sequence);
}

static void check_payload(struct probe_target *t, struct kedge_span got,
                          uint64_t sequence)
{
    struct probe_damage *d = &t->damage;
    struct payload_fault f;
    struct payload sent;
    kedge_nanos at = 0;

    if (!account_sent_at(&t->account, sequence, &at))
        return;
    sent = payload_of(t, sequence, at);
    if (payload_intact(got, &sent, &f))
        return;
    account_altered(&t->account, sequence);
    if (d->changed + d->truncated + d->padded == 0)
        d->first = f;
    d->changed += f.bytes > 0;
    d->truncated += f.size < sent.size;
    d->padded += f.size > sent.size;
}

/* What a kedge server told of it. False: nothing, or not by its kernel's clock. */
static bool hear_peer(struct probe_target *t, struct kedge_span got,
                      const struct peer_answer *answer, struct mark_report *out)
{
    struct stamp stamp;
    struct mark mark;

    if (!t->peer.asks || !stamp_parse(got, &stamp) || !(stamp.flags & STAMP_REPLY) ||
        !mark_parse(got, &mark))
        return false;
    peer_took(&t->peer, &mark, answer);
    *out = mark.report;
    return mark.kind == MARK_REPORT && mark.report.kernel &&
           mark.report.held_ns < UINT32_MAX;
}

/* report: NULL where the peer told nothing. */
static void take_split(struct probe_target *t, uint64_t sequence,
                       const struct mark_report *report)
{
    struct split_reply reply = { sequence, t->came_ns, stamps_clock(),
                                 report ? report->held_ns : 0 };
    uint64_t sent = 0, left = 0;

    if (!t->split || t->came_ns == 0)
        return;
    split_came(t->split, &reply);
    if (report && split_departure(t->split, sequence, &sent, &left))
        oneway_took(&t->oneway, &(struct oneway_trip){
                                    left, report->received_ns,
                                    report->received_ns + report->held_ns, t->came_ns });
}

static void note_stamps(struct probe_target *t, uint64_t sequence)
{
    uint64_t sent = 0, left = 0;

    if (t->split && t->came_ns > 0 && split_departure(t->split, sequence, &sent, &left))
        account_stamped(&t->account, sequence, left, t->came_ns);
}

bool probe_proved(struct probe_target *t, struct kedge_span payload)
{
    if (!t->plan->key || payload_proved(payload, t->plan->key))
        return true;
    t->peer.unproved++;
    return false;
}

static void settle(struct probe_target *t, struct kedge_span payload, uint64_t sequence)
{
    struct self *self = &t->shared->self;
    struct account *a = &t->account;
    kedge_nanos now = loop_clock(), sent = 0;
    struct mark_report report;
    bool first, told;

    if (!probe_proved(t, payload)) {
        a->stray++;
        return;
    }
    check_payload(t, payload, sequence);
    self_awake(self, now);
    a->self_until = self->late_until;
    note_stamps(t, sequence);
    first = account_reply(a, sequence, now);
    told =
        hear_peer(t, payload,
                  &(struct peer_answer){ sequence, a->sent, a->unsent, first }, &report);
    if (!first)
        return;
    take_split(t, sequence, told ? &report : NULL);
    if (account_sent_at(a, sequence, &sent))
        stalls_reply(&t->stalls, &(struct stall_reply){ .sent = sent,
                                                        .now = now,
                                                        .rtt_min = a->rtt.min,
                                                        .self_from = self->late_from,
                                                        .self_until = self->late_until });
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

    if (apart_took(t, payload))
        return;
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

    if (apart_took(t, payload))
        return;
    if (!by_stamp(t, payload, &whole, &stray) || stray || (uint16_t)whole != sequence)
        whole = account_unwrap(&t->account, sequence);
    settle(t, payload, whole);
}

static void trouble(struct probe_target *t, int code, const struct net_address *by)
{
    const struct net_address nobody = { 0 };
    bool news = code != t->told;

    t->code = t->told = code;
    t->told_by = by ? *by : nobody;
    if (news && t->plan->trouble)
        t->plan->trouble(t->plan->owner, &t->endpoint, probe_why(code), &t->told_by);
}

void probe_unsent(struct probe_target *t, uint64_t sequence, int code)
{
    trouble(t, code, NULL);
    if (sequence == GREETING)
        apart_failed(t);
    account_unsent(&t->account, sequence);
}

void probe_refused(struct probe_target *t, int code)
{
    uint64_t sequence = 0;

    trouble(t, code, NULL);
    if (account_oldest(&t->account, &sequence))
        account_refused(&t->account, sequence);
}

/* The system has one word for a TTL that ran out and for a host that is not there. */
static int code_of(const struct udp_error *e)
{
    return udp_error_is_expiry(e) ? ETIME : e->code;
}

void probe_failed(struct probe_target *t, const struct udp_error *e,
                  struct kedge_span quoted)
{
    uint64_t sequence = 0;
    bool stray = false;

    apart_failed(t);
    if (by_stamp(t, quoted, &sequence, &stray) ? stray
                                               : !account_oldest(&t->account, &sequence))
        return;
    trouble(t, code_of(e), &e->by);
    if (e->by.len > 0)
        account_refused(&t->account, sequence);
    else
        account_unsent(&t->account, sequence);
}

void probe_came(struct probe_target *t, const struct stamps_in *in)
{
    t->came_ns = in->at_ns;
    t->marks.ttl_back = in->ttl;
    t->marks.tos_back = in->tos;
}

int probe_watch(struct probe_target *t, int fd,
                void (*ready)(void *target, unsigned events))
{
    t->watch = (struct loop_watch){ .ready = ready, .owner = t };
    return loop_watch_add(&t->shared->loop, &t->watch, fd, LOOP_READ);
}
