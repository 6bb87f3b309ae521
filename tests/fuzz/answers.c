/* SPDX-License-Identifier: MIT */
/* What an echo server answers: the guard, and what is known of the runs that ask. The input
 * is a script of datagrams from a few peers, plain ones and probes, and of times. */
#include "fuzz.h"
#include "echo/loop_guard.h"
#include "echo/probe_extension.h"
#include "echo/runs.h"

#include <string.h>

enum { STEPS_MAX = 400, PEERS = 4, PAYLOAD_MAX = 96, OWN_PORT = 7007 };

static const uint8_t key[COOKIE_KEY] = { 1, 2, 3 };
static const kedge_nanos pauses[] = {
    0,           1,
    KEDGE_MSEC,  KEDGE_SEC / 64,
    KEDGE_SEC,   60 * KEDGE_SEC,
    COOKIE_LIFE, 2 * COOKIE_LIFE,
};

struct bench {
    struct guard guard;
    struct runs runs;
    kedge_nanos now;
    uint64_t checked;
    uint64_t cookie[PEERS]; /* the last that each was given */
    uint8_t peer[PEERS][6];
    uint8_t payload[PAYLOAD_MAX];
};

static struct kedge_span peer_of(const struct bench *b, size_t peer)
{
    return (struct kedge_span){ b->peer[peer], sizeof b->peer[peer] };
}

static struct bench *bench_new(void)
{
    struct bench *b = calloc(1, sizeof *b);

    MUST(b);
    guard_init(&b->guard, 7, span_of("hello"));
    guard_own_port(&b->guard, OWN_PORT);
    runs_init(&b->runs, key);
    for (size_t i = 0; i < PEERS; i++)
        b->peer[i][0] = (uint8_t)i;
    b->now = 10 * COOKIE_LIFE;
    return b;
}

static enum guard_verdict check(struct bench *b, const struct guard_datagram *d)
{
    enum guard_verdict v = guard_check(&b->guard, d, b->now);

    MUST(v < GUARD_VERDICTS && strlen(guard_word(v)) > 0);
    MUST((v == GUARD_TO_BROADCAST) == d->to_broadcast);
    MUST(d->to_broadcast || (v == GUARD_OWN) == (d->port == OWN_PORT));
    MUST(d->port != 0 || v != GUARD_ANSWER);
    b->checked++;
    return v;
}

static void a_datagram(struct bench *b, struct reader *r)
{
    static const int32_t ports[] = { 40000, 40000, 7, 0, OWN_PORT, -1, 65535, 1900 };
    struct guard_datagram d = { .port = PICK(r, ports) };
    uint8_t how = take_u8(r);

    d.peer = peer_of(b, how % PEERS);
    d.to_broadcast = (how & 0xc0) == 0xc0;
    d.payload = take_some(r, how >> 2 & 15);
    if (how & 0x80)
        d.mark = guard_look(&b->guard, &d);
    (void)check(b, &d);
}

/* Copies at one time, in a new window: one of so many goes unanswered. */
static void a_loop(struct bench *b, struct reader *r)
{
    struct guard_datagram d = { .peer = peer_of(b, take_u8(r) % PEERS), .port = -1 };
    unsigned answered = 0;

    d.payload = take_some(r, take_u8(r) & 7);
    b->now += GUARD_WINDOW;
    while (answered <= GUARD_SAME && check(b, &d) == GUARD_ANSWER)
        answered++;
    MUST(answered <= GUARD_SAME);
}

static size_t put_ask(struct bench *b, struct reader *r, struct stamp *stamp,
                      uint64_t cookie)
{
    struct writer w = { .ptr = b->payload, .room = sizeof b->payload };
    struct probe_extension m = { .kind = EXTENSION_ASK, .cookie = cookie };

    stamp->flags = STAMP_ASKS;
    stamp->run = take_u8(r) & 3;
    stamp->sequence = take_u16(r);
    stamp->sequence += (uint64_t)(stamp->run == 3) << 40;
    stamp_put(&w, stamp);
    extension_put(&w, &m);
    return w.len;
}

/* Who brings no token of his own is told one, and nothing else. */
static void check_answer(struct bench *b, const struct stamp *asked, size_t peer,
                         bool own)
{
    struct kedge_span payload = { b->payload, EXTENDED_SIZE };
    struct stamp stamp;
    struct probe_extension m;

    MUST(!extension_asks(payload, &stamp, &m));
    MUST(stamp_parse(payload, &stamp) && extension_parse(payload, &m));
    MUST(stamp.flags == (STAMP_ASKS | STAMP_REPLY) && stamp.run == asked->run);
    MUST(stamp.sequence == asked->sequence);
    MUST(m.kind == EXTENSION_TOKEN || (m.kind == EXTENSION_REPORT && own));
    if (m.kind == EXTENSION_TOKEN) {
        MUST(m.cookie != 0);
        b->cookie[peer] = m.cookie;
    } else {
        MUST(m.report.seen > 0 && m.report.highest >= (uint32_t)stamp.sequence);
    }
    for (size_t i = EXTENDED_SIZE; i < sizeof b->payload; i++)
        MUST(b->payload[i] == 0);
}

static void a_probe(struct bench *b, struct reader *r)
{
    uint8_t how = take_u8(r);
    size_t peer = how % PEERS, giver = how >> 2 & 3;
    uint64_t cookie = how & 0x10 ? take_u8(r) : b->cookie[giver];
    struct runs_probe p = { .peer = peer_of(b, peer), .now = b->now };
    struct stamp stamp = { 0 };
    size_t len = put_ask(b, r, &stamp, cookie);

    p.answered_ns = take_u16(r);
    p.in.received_ns = take_u8(r);
    if (how & 0x20) {
        runs_refused(&b->runs, &p, (struct kedge_span){ b->payload, len });
    } else {
        bool validated = runs_answer(&b->runs, &p, b->payload);

        MUST(!validated || (cookie != 0 && (how & 0x10 || cookie == b->cookie[peer])));
        check_answer(b, &stamp, peer, validated);
    }
}

/* Bytes that nobody wrote as a probe. */
static void some_bytes(struct bench *b, struct reader *r)
{
    struct runs_probe p = { .peer = peer_of(b, 0), .now = b->now };
    struct kedge_span in = take_some(r, PAYLOAD_MAX);

    memset(b->payload, 0, sizeof b->payload);
    if (in.len > 0)
        memcpy(b->payload, in.ptr, in.len);
    runs_refused(&b->runs, &p, in);
    if (in.len >= EXTENDED_SIZE)
        (void)runs_answer(&b->runs, &p, b->payload);
    memset(b->payload, 0, sizeof b->payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const steps[])(struct bench *, struct reader *) = {
        a_datagram, a_datagram, a_loop, a_probe, a_probe, a_probe, a_probe, some_bytes,
    };
    struct reader r = { .left = { data, size } };
    struct bench *b = bench_new();
    uint64_t sum = 0;

    for (int i = 0; i < STEPS_MAX && r.left.len > 0; i++) {
        uint8_t what = take_u8(&r);

        b->now += pauses[what >> 5];
        steps[what & 7](b, &r);
    }
    for (size_t i = 0; i < GUARD_VERDICTS; i++)
        sum += b->guard.counts[i];
    MUST(sum == b->checked);
    MUST(guard_refused(&b->guard) == sum - b->guard.counts[GUARD_ANSWER]);
    free(b);
    return 0;
}
