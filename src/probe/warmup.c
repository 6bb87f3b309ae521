#include "probe/warmup.h"

#include "probe/payload.h"
#include "probe/target.h"
#include "net/next_hop.h"

static bool must_ask(const struct probe_target *t)
{
    struct net_way way;

    return t->address.len > 0 && net_way_to(&t->address, &t->plan->path, &way) == 0 &&
           way.must_ask;
}

void apart_greet(struct probe_target *t, bool always)
{
    struct writer w = { .ptr = t->shared->scratch, .room = PROBE_SCRATCH / 2 };
    struct payload payload = {
        .stamp = { .flags = t->peer.asks ? STAMP_ASKS : 0,
                   .run = t->run,
                   .sequence = GREETING,
                   .sent_ns = loop_clock() },
        .size = t->plan->size,
        .key = t->plan->key,
    };
    struct apart *a = &t->apart;

    a->neighbour = must_ask(t);
    if (t->kind == &probe_stream_kind || (!always && !a->neighbour))
        return;
    a->greeting = GREETING_WAITS;
    a->sent = payload.stamp.sent_ns;
    payload_put(&w, &payload);
    t->kind->send(t, written(&w), GREETING);
}

/* Shorter than a stamp a payload says nothing: nothing else is under way then. */
static bool is_greeting(const struct probe_target *t, struct kedge_span payload)
{
    struct stamp stamp;

    if (t->plan->size < STAMP_SIZE || !stamp_parse(payload, &stamp))
        return t->apart.greeting == GREETING_WAITS;
    return stamp.sequence == GREETING && stamp.run == t->run;
}

static void take_token(struct probe_target *t, struct kedge_span payload)
{
    struct stamp stamp;
    struct mark mark;

    if (!t->peer.asks || !stamp_parse(payload, &stamp) || !(stamp.flags & STAMP_REPLY) ||
        !mark_parse(payload, &mark))
        return;
    peer_took(&t->peer, &mark, &(struct peer_answer){ .first = true });
}

bool apart_took(struct probe_target *t, struct kedge_span payload)
{
    struct apart *a = &t->apart;
    uint64_t sent = 0, left = 0;

    if (a->greeting == GREETING_NONE || !is_greeting(t, payload))
        return false;
    if (a->greeting != GREETING_WAITS || !probe_proved(t, payload))
        return true; /* it came when nobody waited for it any more */
    a->greeting = GREETING_ANSWERED;
    a->took = loop_clock() - a->sent;
    if (t->split && split_departure(t->split, GREETING, &sent, &left))
        a->leave = left - sent;
    take_token(t, payload);
    return true;
}

void apart_failed(struct probe_target *t)
{
    if (t->apart.greeting == GREETING_WAITS)
        t->apart.greeting = GREETING_FAILED;
}
