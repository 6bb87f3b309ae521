/* SPDX-License-Identifier: MIT */
/* A probe: its targets, its schedule and its loop. */
#include "probe/probe.h"

#include "os/clock.h"
#include "os/random.h"
#include "probe/calibrate.h"
#include "probe/flood.h"
#include "probe/payload.h"
#include "probe/schedule.h"
#include "probe/target.h"
#include "base/number.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define SENDS_A_TURN 64 /* then what came is read, however late the schedule is */
#define TICK (100 * KEDGE_MSEC)
#define ADDRESSES_TRIED 4          /* of a name, ... */
#define ADDRESS_PATIENCE KEDGE_SEC /* ... and each may take so long, or the timeout */

/* So late this program was not merely busy, it stood still. What was due meanwhile does not leave:
 * all at once it would measure the queue that it makes. */
#define PAUSE (500 * KEDGE_MSEC)

/* Each takes the slot of an older one, whose answer may wait in the socket: no more in a turn
 * than are read from there. */
#define MISSED_A_TURN 64
_Static_assert(MISSED_A_TURN <= PROBE_BATCH, "answers that wait are read before");

struct probe {
    struct probe_plan plan;
    struct calibration calibration;
    struct probe_shared shared;
    struct loop_timer due, tick;
    struct loop_signals signals;
    struct schedule schedule;
    kedge_nanos end;      /* no reply counts after it; KEDGE_NEVER while probes leave */
    uint32_t count, live; /* of targets; of those that have a socket */
    uint16_t run;
    uint64_t seed;
    struct schedule_memory memory; /* poisson */
    kedge_nanos tick_at;
    kedge_nanos missed_until; /* what was due before it was missed */
    struct probe_target *targets[PROBE_TARGETS_MAX];
    struct probe_target *probed[PROBE_TARGETS_MAX]; /* the live ones */
};

int probe_open(struct probe **out, const struct probe_plan *plan)
{
    struct probe *p = calloc(1, sizeof *p);
    int err;

    KEDGE_ASSERT(plan->interval > 0 && plan->timeout > 0 && plan->size <= PAYLOAD_MAX);
    if (!p)
        return -ENOMEM;
    p->plan = *plan;
    p->calibration = calibrate();
    err = loop_open(&p->shared.loop);
    if (err) {
        free(p);
        return err;
    }
    if (random_fill(&p->seed, sizeof p->seed) < 0)
        p->seed = clock_now();
    p->run = (uint16_t)p->seed;
    *out = p;
    return 0;
}

static void free_target(struct probe_target *t)
{
    probe_stats_free(&t->stats);
    histogram_free(&t->peer.held);
    free(t->stats.slots);
    free(t);
}

void probe_close(struct probe *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        p->targets[i]->kind->close(p->targets[i]);
        free_target(p->targets[i]);
    }
    loop_close(&p->shared.loop);
    free(p->memory.heap);
    free(p->memory.place);
    free(p->memory.left);
    free(p);
}

static const struct probe_kind *probe_kind_of(const struct kedge_endpoint *e)
{
    switch (e->service == KEDGE_SOCKET ? e->transport : KEDGE_TIPC) {
    case KEDGE_ICMP:
        return &probe_icmp_kind;
    case KEDGE_UDP:
    case KEDGE_UNIX_DGRAM:
        return &probe_datagram_kind;
    case KEDGE_TCP:
    case KEDGE_UNIX:
    case KEDGE_UNIX_SEQPACKET:
        return &probe_stream_kind;
    default:
        return NULL;
    }
}

static void probe_settled(void *owner, const struct probe_stats_event *event)
{
    const struct probe_target *t = owner;

    t->plan->settled(t->plan->owner, t->number, event);
}

static struct probe_target *make_target(struct probe *p, const struct kedge_endpoint *e)
{
    uint64_t room = probe_stats_room(p->plan.interval, p->plan.timeout);
    struct probe_target *t = calloc(1, sizeof *t);
    struct probe_stats_slot *slots = calloc(room, sizeof *slots);

    if (!t || !slots) {
        free(t);
        free(slots);
        return NULL;
    }
    t->plan = &p->plan;
    t->kind = probe_kind_of(e);
    t->endpoint = *e;
    t->shared = &p->shared;
    t->run = (uint16_t)(p->run + p->count);
    t->number = p->count;
    t->marks = (struct probe_marks){ -1, -1, -1, -1 };
    probe_stats_init(&t->stats, slots, room, p->plan.timeout);
    t->stats.settled = p->plan.settled ? probe_settled : NULL;
    t->stats.owner = t;
    stalls_init(&t->stalls, p->plan.interval);
    t->peer.asks = e->transport == KEDGE_UDP && p->plan.size >= EXTENDED_SIZE;
    return t;
}

/* Before anything is opened for it. */
static enum probe_cause_kind refusal_of(const struct probe *p,
                                        const struct kedge_endpoint *e)
{
    if (!probe_kind_of(e))
        return CAUSE_TRANSPORT;
    if (p->plan.key && e->transport != KEDGE_UDP)
        return CAUSE_KEY;
    return p->count == PROBE_TARGETS_MAX ? CAUSE_TOO_MANY : CAUSE_NONE;
}

static void close_none(struct probe_target *t)
{
    (void)t;
}

/* Of one that could not be opened. Nothing is sent to it. */
static const struct probe_kind none = { .close = close_none };

/* It stands in the results, with why it is not probed. */
static void refuse(struct probe_target *t, const struct probe_refusal *why)
{
    t->kind = &none;
    t->refusal = *why;
    t->kernel_times = NULL;
    t->stream = NULL;
    t->hub = NULL;
    t->watch.fd = -1;
}

bool probe_add(struct probe *p, const struct kedge_endpoint *e, struct probe_refusal *why)
{
    struct probe_target *t;

    *why = (struct probe_refusal){ .kind = refusal_of(p, e) };
    if (why->kind != CAUSE_NONE)
        return false;
    t = make_target(p, e);
    if (!t) {
        *why = probe_refused_by_system(ENOMEM);
        return false;
    }
    t->endpoint.family = p->plan.family;
    if (t->kind->open(t, why) == 0) {
        p->targets[p->count++] = p->probed[p->live++] = t;
        return true;
    }
    if (why->kind == CAUSE_ERROR) {
        refuse(t, why);
        p->targets[p->count++] = t;
    } else {
        free_target(t);
    }
    return false;
}

static bool all_answered(const struct probe *p)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (probe_stats_open(&p->targets[i]->stats) > 0)
            return false;
    return true;
}

/* By when the loop last looked, and not by the clock: after a pause of this program what
 * came in time may still wait to be read. */
static void expire(struct probe *p)
{
    for (uint32_t i = 0; i < p->count; i++)
        probe_stats_expire(&p->targets[i]->stats, p->shared.loop.looked);
}

/* The last probe left: how long its answer may take. */
static void all_sent(struct probe *p)
{
    if (p->end == KEDGE_NEVER)
        p->end = add_sat(clock_now(), p->plan.timeout);
}

static void plan_next(struct probe *p)
{
    p->shared.lateness.due =
        p->plan.flood ? p->tick_at : min_u64(schedule_next(&p->schedule), p->tick_at);
}

/* True: more is due that was missed. */
static bool miss_due(struct probe *p, kedge_nanos now)
{
    struct schedule_due due;

    if (sub_sat(now, schedule_next(&p->schedule)) >= PAUSE)
        p->missed_until = now;
    for (int i = 0; schedule_next(&p->schedule) < p->missed_until; i++) {
        if (i == MISSED_A_TURN || !schedule_take(&p->schedule, now, &due))
            return true;
        probe_miss(p->probed[due.target], due.at);
    }
    return false;
}

static void send_due(void *owner)
{
    struct probe *p = owner;
    kedge_nanos now = clock_now();
    struct schedule_due due;
    bool behind;

    own_lateness_awake(&p->shared.lateness, now);
    behind = miss_due(p, now);
    p->shared.together = true;
    for (int i = 0; !behind && i < SENDS_A_TURN && schedule_take(&p->schedule, now, &due);
         i++)
        probe_send(p->probed[due.target], due.at);
    p->shared.together = false;
    probe_flush(&p->shared);
    if (schedule_next(&p->schedule) == KEDGE_NEVER)
        all_sent(p);
    loop_timer_set(&p->shared.loop, &p->due, schedule_next(&p->schedule));
    plan_next(p);
}

static void set_tick(struct probe *p, kedge_nanos now)
{
    p->tick_at = now + TICK;
    loop_timer_set(&p->shared.loop, &p->tick, p->tick_at);
    plan_next(p);
}

/* A pause between two readings is no step of a clock. */
static void read_clocks(struct own_lateness *lateness)
{
    kedge_nanos before = clock_now();
    uint64_t wall = clock_wall();

    if (clock_now() - before < SELF_LATE)
        own_lateness_clocks(lateness, before, wall);
}

static void tick(void *owner)
{
    struct probe *p = owner;

    own_lateness_awake(&p->shared.lateness, clock_now());
    read_clocks(&p->shared.lateness);
    expire(p);
    if (p->plan.tick)
        p->plan.tick(p->plan.owner, p);
    set_tick(p, loop_now(&p->shared.loop));
}

void probe_stop(struct probe *p)
{
    loop_stop(&p->shared.loop);
}

static void probe_caught(void *owner, int signal)
{
    struct probe *p = owner;

    (void)signal;
    probe_stop(p);
}

static bool is_preparing(const struct probe_target *t)
{
    return t->warmup.state == WARMUP_WAITS ||
           (t->stream && t->stream->state == STREAM_CONNECTING);
}

static bool preparing(const struct probe *p, bool choosing)
{
    for (uint32_t i = 0; i < p->live; i++)
        if (is_preparing(p->probed[i]) && (p->probed[i]->choosing || !choosing))
            return true;
    return false;
}

/* Until each warm-up has its answer, or none by then; of all, or of those that choose. */
static int await_warmups(struct probe *p, kedge_nanos end, bool choosing)
{
    struct loop *l = &p->shared.loop;
    int err = 0;

    while (!err && !l->stopped && preparing(p, choosing) && l->looked < end)
        err = loop_turn(l, sub_sat(end, clock_now()));
    for (uint32_t i = 0; i < p->live; i++)
        if (p->probed[i]->choosing || !choosing)
            warmup_failed(&p->probed[i]->warmup);
    return err;
}

static void drop_target(struct probe *p, uint32_t i, const struct probe_refusal *why)
{
    refuse(p->probed[i], why);
    p->live--;
    memmove(&p->probed[i], &p->probed[i + 1], (p->live - i) * sizeof *p->probed);
}

/* Names whose address did not answer: to the next one, or where none answers back to the first.
 * True: there is something to wait for. */
static bool choose_next(struct probe *p, bool last)
{
    struct probe_refusal why;
    bool waits = false;

    for (uint32_t i = 0; i < p->live; i++) {
        struct probe_target *t = p->probed[i];
        bool more = !last && t->at + 1 < t->addresses.count;

        t->choosing = t->choosing && t->warmup.state != WARMUP_ANSWERED;
        if (!t->choosing)
            continue;
        t->choosing = more;
        t->unanswered++;
        if (!probe_use_address(t, more ? t->at + 1 : 0, &why))
            drop_target(p, i--, &why);
        else if (more)
            probe_warm_up(t, true);
        waits |= more;
    }
    return waits;
}

static int choose_addresses(struct probe *p)
{
    kedge_nanos most = min_u64(p->plan.timeout, ADDRESS_PATIENCE);
    int err = 0;

    for (int i = 1; !err && !p->shared.loop.stopped; i++) {
        err = await_warmups(p, add_sat(clock_now(), most), true);
        if (err || !choose_next(p, i == ADDRESSES_TRIED))
            break;
    }
    return err;
}

/* A part of the first probe's time must not be that of a handshake, or of a search for the
 * neighbour; and of a name with several addresses one that answers is asked. */
static int prepare_probe(struct probe *p)
{
    kedge_nanos end = add_sat(clock_now(), p->plan.timeout);
    int err;

    for (uint32_t i = 0; i < p->live; i++) {
        struct probe_target *t = p->probed[i];

        t->choosing = t->addresses.count > 1;
        probe_warm_up(t, p->plan.flood || t->choosing);
    }
    err = choose_addresses(p);
    return err ? err : await_warmups(p, end, false);
}

static int init_schedule(struct probe *p, kedge_nanos now)
{
    struct schedule_memory *m = &p->memory;

    schedule_init(&p->schedule, p->plan.interval, p->plan.count, p->live);
    p->schedule.start = now;
    p->schedule.end = p->shared.until = add_sat(now, p->plan.duration);
    if (!p->plan.poisson)
        return 0;
    m->heap = calloc(p->live, sizeof *m->heap);
    m->place = calloc(p->live, sizeof *m->place);
    m->left = calloc(p->live, sizeof *m->left);
    if (!m->heap || !m->place || !m->left)
        return -ENOMEM;
    schedule_poisson(&p->schedule, m, p->seed);
    return 0;
}

/* How long the next turn may sleep. */
static kedge_nanos patience(struct probe *p, kedge_nanos *next_flood)
{
    kedge_nanos now = clock_now();

    if (p->plan.flood && p->end == KEDGE_NEVER) {
        if (!flood_turn(p->probed, p->live, next_flood))
            return sub_sat(*next_flood, now);
        all_sent(p);
    }
    return p->end == KEDGE_NEVER ? KEDGE_NEVER : sub_sat(p->end, now);
}

static int send_all(struct probe *p)
{
    struct loop *l = &p->shared.loop;
    kedge_nanos now = clock_now(), flood = 0;
    int err = init_schedule(p, now);

    p->end = KEDGE_NEVER;
    if (!p->plan.flood)
        loop_timer_set(l, &p->due, schedule_next(&p->schedule));
    set_tick(p, now);
    while (!err && !l->stopped && l->looked < p->end &&
           (p->end == KEDGE_NEVER || !all_answered(p)))
        err = loop_turn(l, patience(p, &flood));
    expire(p);
    return err;
}

static int add_timers(struct probe *p)
{
    int err;

    p->due = (struct loop_timer){ .due = send_due, .owner = p };
    p->tick = (struct loop_timer){ .due = tick, .owner = p };
    err = loop_timer_add(&p->shared.loop, &p->due);
    return err ? err : loop_timer_add(&p->shared.loop, &p->tick);
}

int probe_run(struct probe *p)
{
    sigset_t set;
    int err;

    KEDGE_ASSERT(p->live > 0);
    loop_signals_stop(&set);
    p->signals = (struct loop_signals){ .caught = probe_caught, .owner = p };
    err = loop_signals_open(&p->shared.loop, &p->signals, &set);
    if (err)
        return err;
    err = add_timers(p);
    err = err ? err : prepare_probe(p);
    err = err || p->live == 0 ? err : send_all(p);
    loop_timer_remove(&p->shared.loop, &p->due);
    loop_timer_remove(&p->shared.loop, &p->tick);
    loop_signals_close(&p->shared.loop, &p->signals);
    return err;
}

uint32_t probe_targets(const struct probe *p)
{
    return p->count;
}

uint32_t probe_live_targets(const struct probe *p)
{
    return p->live;
}

struct probe_view probe_target_view(const struct probe *p, uint32_t target)
{
    struct probe_view v = probe_view_of(p->targets[target]);

    v.started = p->schedule.start;
    return v;
}

const struct probe_plan *probe_plan_of(const struct probe *p)
{
    return &p->plan;
}

const struct calibration *probe_calibration_of(const struct probe *p)
{
    return &p->calibration;
}
