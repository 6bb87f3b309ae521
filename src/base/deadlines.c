/* SPDX-License-Identifier: MIT */
/* The heap of deadlines: sift up, sift down, and a slot for each owner. */
#include "base/deadlines.h"

void deadlines_init(struct deadlines *d, struct deadline_entry *heap, uint32_t *place,
                    uint32_t room)
{
    *d = (struct deadlines){ .heap = heap, .place = place, .room = room };
    for (uint32_t i = 0; i < room; i++)
        place[i] = 0;
}

static void seat(struct deadlines *d, uint32_t i, struct deadline_entry e)
{
    d->heap[i] = e;
    d->place[e.slot] = i + 1;
}

static void rise(struct deadlines *d, uint32_t i, struct deadline_entry e)
{
    while (i > 0 && d->heap[(i - 1) / 2].at > e.at) {
        seat(d, i, d->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    seat(d, i, e);
}

static void sink(struct deadlines *d, uint32_t i, struct deadline_entry e)
{
    uint32_t child;

    while ((child = 2 * i + 1) < d->count) {
        if (child + 1 < d->count && d->heap[child + 1].at < d->heap[child].at)
            child++;
        if (d->heap[child].at >= e.at)
            break;
        seat(d, i, d->heap[child]);
        i = child;
    }
    seat(d, i, e);
}

static void place_deadline(struct deadlines *d, uint32_t i, struct deadline_entry e)
{
    if (i > 0 && d->heap[(i - 1) / 2].at > e.at)
        rise(d, i, e);
    else
        sink(d, i, e);
}

static void clear(struct deadlines *d, uint32_t slot)
{
    uint32_t i = d->place[slot] - 1;
    struct deadline_entry last = d->heap[--d->count];

    d->place[slot] = 0;
    if (last.slot != slot)
        place_deadline(d, i, last);
}

void deadlines_set(struct deadlines *d, uint32_t slot, kedge_nanos at)
{
    struct deadline_entry e = { at, slot };

    KEDGE_ASSERT(slot < d->room);
    if (at == KEDGE_NEVER) {
        if (d->place[slot])
            clear(d, slot);
    } else if (d->place[slot]) {
        place_deadline(d, d->place[slot] - 1, e);
    } else {
        rise(d, d->count++, e);
    }
}

kedge_nanos deadlines_next(const struct deadlines *d)
{
    return d->count ? d->heap[0].at : KEDGE_NEVER;
}

bool deadlines_pop(struct deadlines *d, kedge_nanos now, uint32_t *slot)
{
    if (d->count == 0 || d->heap[0].at > now)
        return false;
    *slot = d->heap[0].slot;
    clear(d, *slot);
    return true;
}
