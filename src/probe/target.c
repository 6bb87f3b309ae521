/* SPDX-License-Identifier: MIT */
/* One target: its probes leave here, and what comes back is counted here. */
#include "probe/target.h"

#include "base/number.h"
#include "os/clock.h"
#include "probe/payload.h"
#include "net/next_hop.h"

#include <errno.h>

/* Before the cookie came, probes had none. */
static struct payload payload_of(const struct probe_target *t, uint64_t sequence,
                                 kedge_nanos sent)
{
    const struct peer *p = &t->peer;

    return (struct payload){
        .stamp = { .flags = p->asks ? STAMP_ASKS : 0,
                   .run = t->run,
                   .sequence = sequence,
                   .sent_ns = sent },
        .cookie = sequence >= p->now.first ? p->cookie : 0,
        .size = t->plan->size,
        .key = t->plan->key,
    };
}

void probe_send(struct probe_target *t, kedge_nanos intended)
{
    struct writer w = { .ptr = t->shared->scratch, .room = PROBE_SCRATCH / 2 };
    kedge_nanos now = clock_now();
    uint64_t sequence = probe_stats_send(&t->stats, intended, now);
    struct payload payload = payload_of(t, sequence, now);

    payload_put(&w, &payload);
    t->kind->send(t, written(&w), sequence);
}

void probe_miss(struct probe_target *t, kedge_nanos intended)
{
    probe_unsent(t, probe_stats_send(&t->stats, intended, intended), ECANCELED);
}

static void check_payload(struct probe_target *t, struct kedge_span got,
                          uint64_t sequence)
{
    struct probe_corruption *d = &t->corruption;
    struct payload_fault f;
    struct payload sent;
    kedge_nanos at = 0;

    if (!probe_stats_sent_at(&t->stats, sequence, &at))
        return;
    sent = payload_of(t, sequence, at);
    if (payload_intact(got, &sent, &f))
        return;
    probe_stats_corrupted(&t->stats, sequence);
    if (d->changed + d->truncated + d->padded == 0)
        d->first = f;
    d->changed += f.bytes > 0;
    d->truncated += f.size < sent.size;
    d->padded += f.size > sent.size;
}

/* What a kedge server told of it. False: nothing, or not by its kernel's clock. */
static bool hear_peer(struct probe_target *t, struct kedge_span got,
                      const struct peer_answer *answer, struct extension_report *out)
{
    struct stamp stamp;
    struct probe_extension extension;

    if (!t->peer.asks || !stamp_parse(got, &stamp) || !(stamp.flags & STAMP_REPLY) ||
        !extension_parse(got, &extension))
        return false;
    peer_took(&t->peer, &extension, answer);
    *out = extension.report;
    return extension.kind == EXTENSION_REPORT && extension.report.kernel &&
           extension.report.held_ns < UINT32_MAX;
}

/* report: NULL where the peer told nothing. */
static void take_split(struct probe_target *t, uint64_t sequence,
                       const struct extension_report *report)
{
    struct kernel_times_reply reply = { sequence, t->came_ns, clock_wall(),
                                        report ? report->held_ns : 0 };
    uint64_t sent = 0, left = 0;

    if (!t->kernel_times || t->came_ns == 0)
        return;
    kernel_times_came(t->kernel_times, &reply);
    if (report && kernel_times_departure(t->kernel_times, sequence, &sent, &left))
        one_way_took(&t->one_way,
                     &(struct one_way_trip){ left, report->received_ns,
                                             report->received_ns + report->held_ns,
                                             t->came_ns });
}

static void note_stamps(struct probe_target *t, uint64_t sequence)
{
    uint64_t sent = 0, left = 0;

    if (t->kernel_times && t->came_ns > 0 &&
        kernel_times_departure(t->kernel_times, sequence, &sent, &left))
        probe_stats_stamped(&t->stats, sequence, left, t->came_ns);
}

/* False: there is a key, and the answer does not have its MAC; that is counted. */
static bool is_validated(struct probe_target *t, struct kedge_span payload)
{
    if (!t->plan->key || payload_validated(payload, t->plan->key))
        return true;
    t->peer.unvalidated++;
    return false;
}

/* How long this host's kernel kept it before it left; 0 where it is not known. */
static kedge_nanos held_here(struct probe_target *t, uint64_t sequence)
{
    uint64_t sent = 0, left = 0;

    if (!t->kernel_times ||
        !kernel_times_departure(t->kernel_times, sequence, &sent, &left))
        return 0;
    return left - sent;
}

/* Late, and in time but for what its probe waited in this host: for the neighbour's address,
 * or in a queue. */
static bool was_late_here(struct probe_target *t, uint64_t sequence)
{
    const struct probe_stats_slot *slot = probe_stats_slot(&t->stats, sequence);

    return slot && slot->state == PROBE_LATE &&
           sub_sat(slot->rtt, held_here(t, sequence)) <= t->plan->timeout;
}

static void settle_probe(struct probe_target *t, struct kedge_span payload,
                         uint64_t sequence)
{
    struct own_lateness *lateness = &t->shared->lateness;
    struct probe_stats *a = &t->stats;
    kedge_nanos now = clock_now(), sent = 0;
    struct extension_report report;
    bool first, reported;

    if (!is_validated(t, payload)) {
        a->stray++;
        return;
    }
    check_payload(t, payload, sequence);
    own_lateness_awake(lateness, now);
    a->self_until = lateness->late_until;
    note_stamps(t, sequence);
    first = probe_stats_reply(a, sequence, now);
    t->late_here += first && was_late_here(t, sequence);
    reported =
        hear_peer(t, payload,
                  &(struct peer_answer){ sequence, a->sent, a->unsent, first }, &report);
    if (!first)
        return;
    take_split(t, sequence, reported ? &report : NULL);
    if (probe_stats_sent_at(a, sequence, &sent))
        stalls_reply(&t->stalls,
                     &(struct stall_reply){ .sent = sent,
                                            .now = now,
                                            .rtt_min = a->fastest,
                                            .held_here = held_here(t, sequence),
                                            .self_from = lateness->late_from,
                                            .self_until = lateness->late_until });
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

/* ---- the exchange before the first probe ---- */

static bool must_find_neighbour(const struct probe_target *t)
{
    struct next_hop hop;

    return t->address.len > 0 && next_hop_to(&t->address, &t->plan->path, &hop) == 0 &&
           hop.must_ask;
}

void probe_warm_up(struct probe_target *t, bool always)
{
    struct writer w = { .ptr = t->shared->scratch, .room = PROBE_SCRATCH / 2 };
    struct payload payload = {
        .stamp = { .flags = t->peer.asks ? STAMP_ASKS : 0,
                   .run = t->run,
                   .sequence = WARMUP_SEQUENCE,
                   .sent_ns = clock_now() },
        .size = t->plan->size,
        .key = t->plan->key,
    };

    t->warmup.neighbour = must_find_neighbour(t);
    if (t->kind->connects || (!always && !t->warmup.neighbour))
        return;
    warmup_sent(&t->warmup, payload.stamp.sent_ns);
    payload_put(&w, &payload);
    t->kind->send(t, written(&w), WARMUP_SEQUENCE);
}

bool probe_use_address(struct probe_target *t, unsigned at, struct probe_refusal *why)
{
    t->kind->close(t);
    t->kernel_times = NULL;
    t->hub = NULL;
    t->at = at;
    if (t->kind->open(t, why) == 0)
        return true;
    t->kernel_times = NULL;
    t->at = 0;
    return t->kind->open(t, why) == 0;
}

/* Shorter than a stamp a payload says nothing: nothing else is under way then. */
static bool is_warmup(const struct probe_target *t, struct kedge_span payload)
{
    struct stamp stamp;

    if (t->plan->size < STAMP_SIZE || !stamp_parse(payload, &stamp))
        return t->warmup.state == WARMUP_WAITS;
    return stamp.sequence == WARMUP_SEQUENCE && stamp.run == t->run;
}

static void take_cookie(struct probe_target *t, struct kedge_span payload)
{
    struct stamp stamp;
    struct probe_extension extension;

    if (!t->peer.asks || !stamp_parse(payload, &stamp) || !(stamp.flags & STAMP_REPLY) ||
        !extension_parse(payload, &extension))
        return;
    peer_took(&t->peer, &extension, &(struct peer_answer){ .first = true });
}

/* True if the payload answers a warm-up: then it is in no count. */
static bool take_warmup(struct probe_target *t, struct kedge_span payload)
{
    uint64_t sent = 0, left = 0;

    if (t->warmup.state == WARMUP_NONE || !is_warmup(t, payload))
        return false;
    if (t->warmup.state != WARMUP_WAITS || !is_validated(t, payload))
        return true; /* it came after the wait for it was over */
    if (!t->kernel_times ||
        !kernel_times_departure(t->kernel_times, WARMUP_SEQUENCE, &sent, &left))
        sent = left = 0;
    warmup_answered(&t->warmup, clock_now(), left - sent);
    take_cookie(t, payload);
    return true;
}

/* ---- what comes back ---- */

void probe_answered(struct probe_target *t, struct kedge_span payload)
{
    uint64_t sequence = 0;
    bool stray = false;

    if (take_warmup(t, payload))
        return;
    if (t->stats.sent == 0) {
        t->stats.stray++;
        return;
    }
    if (!by_stamp(t, payload, &sequence, &stray) &&
        !probe_stats_oldest(&t->stats, &sequence))
        sequence = t->stats.sent - 1;
    if (stray)
        t->stats.stray++;
    else
        settle_probe(t, payload, sequence);
}

void probe_answered_as(struct probe_target *t, struct kedge_span payload,
                       uint16_t sequence)
{
    uint64_t whole = 0;
    bool stray = false;

    if (take_warmup(t, payload))
        return;
    if (!by_stamp(t, payload, &whole, &stray) || stray || (uint16_t)whole != sequence)
        whole = probe_stats_unwrap(&t->stats, sequence);
    settle_probe(t, payload, whole);
}

static void trouble(struct probe_target *t, int code, const struct net_address *by)
{
    const struct net_address nobody = { 0 };
    bool news = code != t->reported;

    if (t->choosing)
        return;
    t->code = t->reported = code;
    t->reported_by = by ? *by : nobody;
    if (news && t->plan->trouble)
        t->plan->trouble(t->plan->owner, &t->endpoint, code, &t->reported_by);
}

void probe_unsent(struct probe_target *t, uint64_t sequence, int code)
{
    trouble(t, code, NULL);
    if (sequence == WARMUP_SEQUENCE)
        warmup_failed(&t->warmup);
    probe_stats_unsent(&t->stats, sequence);
}

void probe_is_no_echo(struct probe_target *t)
{
    trouble(t, EPROTO, NULL);
}

void probe_refused(struct probe_target *t, int code)
{
    uint64_t sequence = 0;

    trouble(t, code, NULL);
    if (probe_stats_oldest(&t->stats, &sequence))
        probe_stats_refused(&t->stats, sequence);
}

/* The system has one code for a TTL that ran out, for a firewall that forbids, and for a
 * host that is not there. */
static int code_of(const struct udp_error *e)
{
    if (udp_error_is_prohibition(e))
        return EACCES;
    return udp_error_is_expiry(e) ? ETIME : e->code;
}

void probe_failed(struct probe_target *t, const struct udp_error *e,
                  struct kedge_span quoted)
{
    uint64_t sequence = 0;
    bool stray = false;

    warmup_failed(&t->warmup);
    if (by_stamp(t, quoted, &sequence, &stray)
            ? stray
            : !probe_stats_oldest(&t->stats, &sequence))
        return;
    trouble(t, code_of(e), &e->by);
    if (e->by.len > 0)
        probe_stats_refused(&t->stats, sequence);
    else
        probe_stats_unsent(&t->stats, sequence);
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
