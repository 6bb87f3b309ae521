/* SPDX-License-Identifier: MIT */
/* The counts of a target. */
#include "probe/stats.h"

#include "base/number.h"

uint64_t probe_stats_room(kedge_nanos interval, kedge_nanos timeout)
{
    uint64_t wanted = add_sat(timeout / interval, 2);
    uint64_t room = 32;

    while (room < PROBE_STATS_ROOM_MAX && room / PROBE_STATS_MEMORY < wanted)
        room *= 2;
    return room;
}

void probe_stats_init(struct probe_stats *a, struct probe_stats_slot *slots,
                      uint64_t room, kedge_nanos timeout)
{
    KEDGE_ASSERT(room > 0 && (room & (room - 1)) == 0);
    *a = (struct probe_stats){ .slots = slots, .room = room, .timeout = timeout };
}

void probe_stats_free(struct probe_stats *a)
{
    histogram_free(&a->rtt);
    histogram_free(&a->intended);
}

static struct probe_stats_slot *slot_of(const struct probe_stats *a, uint64_t sequence)
{
    return &a->slots[sequence & (a->room - 1)];
}

static bool remembered(const struct probe_stats *a, uint64_t sequence)
{
    return sequence < a->sent && a->sent - sequence <= a->room;
}

static bool waits(const struct probe_stats *a, uint64_t sequence)
{
    return remembered(a, sequence) && slot_of(a, sequence)->state == PROBE_WAITS;
}

/* Past those that do not wait any more. */
static void advance(struct probe_stats *a)
{
    if (a->sent - a->oldest > a->room)
        a->oldest = a->sent - a->room;
    while (a->oldest < a->sent && slot_of(a, a->oldest)->state != PROBE_WAITS)
        a->oldest++;
}

static void tell_fate(const struct probe_stats *a, uint64_t sequence,
                      enum probe_fate fate)
{
    const struct probe_stats_event event = { sequence, fate, slot_of(a, sequence) };

    if (a->settled)
        a->settled(a->owner, &event);
}

static void lose(struct probe_stats *a, uint64_t sequence, enum probe_fate fate)
{
    slot_of(a, sequence)->state = PROBE_LOST;
    a->lost++;
    tell_fate(a, sequence, fate);
    advance(a);
}

uint64_t probe_stats_send(struct probe_stats *a, kedge_nanos intended, kedge_nanos now)
{
    uint64_t sequence = a->sent;

    if (sequence >= a->room && waits(a, sequence - a->room))
        lose(a, sequence - a->room, FATE_LOST); /* its slot is needed */
    *slot_of(a, sequence) =
        (struct probe_stats_slot){ .intended = intended, .sent = now };
    a->sent++;
    a->left_late += sub_sat(now, intended) >= SELF_LATE;
    return sequence;
}

void probe_stats_unsent(struct probe_stats *a, uint64_t sequence)
{
    if (!waits(a, sequence))
        return;
    a->unsent++;
    lose(a, sequence, FATE_UNSENT);
}

void probe_stats_refused(struct probe_stats *a, uint64_t sequence)
{
    if (!waits(a, sequence))
        return;
    a->refused++;
    lose(a, sequence, FATE_REFUSED);
}

static void add_jitter(struct probe_stats *a, uint64_t sequence, kedge_nanos rtt)
{
    struct probe_stats_slot *other = slot_of(a, sequence);

    if (!remembered(a, sequence) || other->state != PROBE_ANSWERED)
        return;
    a->jitter_sum += other->rtt > rtt ? other->rtt - rtt : rtt - other->rtt;
    a->jitter_count++;
}

static void answered(struct probe_stats *a, uint64_t sequence, kedge_nanos now)
{
    struct probe_stats_slot *slot = slot_of(a, sequence);

    slot->state = PROBE_ANSWERED;
    a->received++;
    slot->held_up = a->self_until > 0 && slot->intended <= a->self_until;
    a->held_up += slot->held_up;
    histogram_record(&a->rtt, slot->rtt);
    histogram_record(&a->intended, sub_sat(now, slot->intended));
    if (sequence > 0)
        add_jitter(a, sequence - 1, slot->rtt);
    add_jitter(a, sequence + 1, slot->rtt);
}

/* How many answers came since the first of those that were sent later. */
static uint64_t extent_of(const struct probe_stats *a, uint64_t sequence)
{
    uint64_t end = min_u64(a->highest, add_sat(sequence, PROBE_STATS_REORDER));
    uint64_t first = a->arrivals;

    for (uint64_t i = sequence + 1; i < end; i++) {
        const struct probe_stats_slot *s = slot_of(a, i);

        if (s->state == PROBE_ANSWERED || s->state == PROBE_LATE)
            first = min_u64(first, s->arrival);
    }
    return a->arrivals - first;
}

static void in_order(struct probe_stats *a, uint64_t sequence)
{
    slot_of(a, sequence)->arrival = a->arrivals;
    if (sequence + 1 < a->highest) {
        a->reorder_extent = max_u64(a->reorder_extent, extent_of(a, sequence));
        slot_of(a, sequence)->reordered = true;
        a->reordered++;
    }
    a->highest = max_u64(a->highest, sequence + 1);
    a->arrivals++;
}

void probe_stats_corrupted(struct probe_stats *a, uint64_t sequence)
{
    a->corrupted++;
    if (waits(a, sequence))
        slot_of(a, sequence)->corrupted = true;
}

void probe_stats_stamped(struct probe_stats *a, uint64_t sequence, uint64_t left_ns,
                         uint64_t came_ns)
{
    struct probe_stats_slot *slot = slot_of(a, sequence);

    if (!remembered(a, sequence) || slot->came_ns > 0 || came_ns < left_ns)
        return;
    slot->left_ns = left_ns;
    slot->came_ns = came_ns;
}

bool probe_stats_reply(struct probe_stats *a, uint64_t sequence, kedge_nanos now)
{
    struct probe_stats_slot *slot = slot_of(a, sequence);

    if (!remembered(a, sequence)) {
        a->stray++;
        return false;
    }
    probe_stats_expire(a, now);
    if (slot->state == PROBE_ANSWERED || slot->state == PROBE_LATE) {
        a->duplicated++;
        return false;
    }
    in_order(a, sequence);
    slot->rtt = sub_sat(now, slot->sent);
    a->fastest = a->arrivals == 1 ? slot->rtt : min_u64(a->fastest, slot->rtt);
    if (slot->state == PROBE_LOST) {
        slot->state = PROBE_LATE;
        a->lost--;
        a->late++;
        tell_fate(a, sequence, FATE_LATE);
    } else {
        answered(a, sequence, now);
        tell_fate(a, sequence, FATE_RECEIVED);
    }
    advance(a);
    return true;
}

bool probe_stats_oldest(const struct probe_stats *a, uint64_t *sequence)
{
    if (a->oldest == a->sent)
        return false;
    *sequence = a->oldest;
    return true;
}

const struct probe_stats_slot *probe_stats_slot(const struct probe_stats *a,
                                                uint64_t sequence)
{
    return remembered(a, sequence) ? slot_of(a, sequence) : NULL;
}

bool probe_stats_sent_at(const struct probe_stats *a, uint64_t sequence, kedge_nanos *out)
{
    if (!remembered(a, sequence))
        return false;
    *out = slot_of(a, sequence)->sent;
    return true;
}

uint64_t probe_stats_unwrap(const struct probe_stats *a, uint16_t low)
{
    uint64_t last = sub_sat(a->sent, 1);
    uint16_t back = (uint16_t)(last - low);

    return back <= last ? last - back : low;
}

void probe_stats_expire(struct probe_stats *a, kedge_nanos now)
{
    while (probe_stats_deadline(a) <= now)
        lose(a, a->oldest, FATE_LOST);
}

void probe_stats_drop(struct probe_stats *a)
{
    while (a->oldest < a->sent)
        lose(a, a->oldest, FATE_LOST);
}

kedge_nanos probe_stats_deadline(const struct probe_stats *a)
{
    if (a->oldest == a->sent)
        return KEDGE_NEVER;
    return add_sat(slot_of(a, a->oldest)->sent, a->timeout);
}

uint64_t probe_stats_open(const struct probe_stats *a)
{
    return a->sent - a->received - a->lost - a->late;
}

bool probe_stats_jitter(const struct probe_stats *a, kedge_nanos *out)
{
    if (a->jitter_count == 0)
        return false;
    *out = a->jitter_sum / a->jitter_count;
    return true;
}
