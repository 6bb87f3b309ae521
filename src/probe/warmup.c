#include "probe/warmup.h"

#include "probe/payload.h"
#include "probe/target.h"
#include "net/next_hop.h"

static bool must_ask(const struct probe_target *t)
{
    struct next_hop way;

    return t->address.len > 0 && next_hop_to(&t->address, &t->plan->path, &way) == 0 &&
           way.must_ask;
}

void warmup_greet(struct probe_target *t, bool always)
{
    struct writer w = { .ptr = t->shared->scratch, .room = PROBE_SCRATCH / 2 };
    struct payload payload = {
        .stamp = { .flags = t->peer.asks ? STAMP_ASKS : 0,
                   .run = t->run,
                   .sequence = WARMUP_SEQUENCE,
                   .sent_ns = loop_clock() },
        .size = t->plan->size,
        .key = t->plan->key,
    };
    struct warmup *a = &t->warmup;

    a->neighbour = must_ask(t);
    if (t->kind == &probe_stream_kind || (!always && !a->neighbour))
        return;
    a->state = WARMUP_WAITS;
    a->sent = payload.stamp.sent_ns;
    payload_put(&w, &payload);
    t->kind->send(t, written(&w), WARMUP_SEQUENCE);
}

/* Shorter than a stamp a payload says nothing: nothing else is under way then. */
static bool is_warmup(const struct probe_target *t, struct kedge_span payload)
{
    struct stamp stamp;

    if (t->plan->size < STAMP_SIZE || !stamp_parse(payload, &stamp))
        return t->warmup.state == WARMUP_WAITS;
    return stamp.sequence == WARMUP_SEQUENCE && stamp.run == t->run;
}

static void take_token(struct probe_target *t, struct kedge_span payload)
{
    struct stamp stamp;
    struct probe_extension extension;

    if (!t->peer.asks || !stamp_parse(payload, &stamp) || !(stamp.flags & STAMP_REPLY) ||
        !extension_parse(payload, &extension))
        return;
    peer_took(&t->peer, &extension, &(struct peer_answer){ .first = true });
}

bool warmup_took(struct probe_target *t, struct kedge_span payload)
{
    struct warmup *a = &t->warmup;
    uint64_t sent = 0, left = 0;

    if (a->state == WARMUP_NONE || !is_warmup(t, payload))
        return false;
    if (a->state != WARMUP_WAITS || !probe_validated(t, payload))
        return true; /* it came when nobody waited for it any more */
    a->state = WARMUP_ANSWERED;
    a->took = loop_clock() - a->sent;
    if (t->kernel_times &&
        kernel_times_departure(t->kernel_times, WARMUP_SEQUENCE, &sent, &left))
        a->leave = left - sent;
    take_token(t, payload);
    return true;
}

void warmup_failed(struct probe_target *t)
{
    if (t->warmup.state == WARMUP_WAITS)
        t->warmup.state = WARMUP_FAILED;
}
