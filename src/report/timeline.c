/* SPDX-License-Identifier: MIT */
/* Slots of counts and durations over time, merged in pairs when they run out. */
#include "report/timeline.h"

#include "base/number.h"

static void merge(struct timeline_slot *a, const struct timeline_slot *b)
{
    for (uint32_t k = 0; k < TIMELINE_KINDS; k++)
        a->counts[k] += b->counts[k];
    if (b->measured == 0)
        return;
    a->min = a->measured > 0 ? min_u64(a->min, b->min) : b->min;
    a->max = max_u64(a->max, b->max);
    a->sum = add_sat(a->sum, b->sum);
    a->measured += b->measured;
}

static void halve(struct timeline *t)
{
    for (uint32_t i = 0; i < TIMELINE_SLOTS; i++) {
        struct timeline_slot slot = t->slots[i];

        t->slots[i] = (struct timeline_slot){ 0 };
        merge(&t->slots[i / 2], &slot);
    }
    t->used = (t->used + 1) / 2;
    t->width *= 2;
}

static struct timeline_slot *slot_at(struct timeline *t, kedge_nanos at)
{
    KEDGE_ASSERT(t->width > 0);
    while (at / t->width >= TIMELINE_SLOTS)
        halve(t);
    t->used = (uint32_t)max_u64(t->used, at / t->width + 1);
    return &t->slots[at / t->width];
}

void timeline_count(struct timeline *t, kedge_nanos at, uint32_t kind)
{
    KEDGE_ASSERT(kind < TIMELINE_KINDS);
    slot_at(t, at)->counts[kind]++;
}

void timeline_take_back(struct timeline *t, kedge_nanos at, uint32_t kind)
{
    struct timeline_slot *slot = slot_at(t, at);

    KEDGE_ASSERT(kind < TIMELINE_KINDS);
    slot->counts[kind] -= slot->counts[kind] > 0;
}

void timeline_measure(struct timeline *t, kedge_nanos at, kedge_nanos duration)
{
    merge(slot_at(t, at),
          &(struct timeline_slot){
              .measured = 1, .min = duration, .max = duration, .sum = duration });
}
