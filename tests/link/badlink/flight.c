/* SPDX-License-Identifier: MIT */
/* The heap of packets that are under way in one direction. */
#include "flight.h"

#include <stdlib.h>
#include <string.h>

static bool before(const struct held *a, const struct held *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static bool make_room(struct link *l)
{
    size_t room = l->room ? l->room * 2 : 1024;
    struct held *heap;

    if (l->count < l->room)
        return true;
    heap = realloc(l->heap, room * sizeof *heap);
    if (!heap)
        return false;
    l->heap = heap;
    l->room = room;
    return true;
}

bool hold(struct link *l, const uint8_t *data, size_t len, int64_t due)
{
    struct held h = { .due = due };
    size_t i;

    if (l->held_bytes + (int64_t)len <= HOLD_MAX && make_room(l))
        h.packet = malloc(sizeof *h.packet + len);
    if (!h.packet) {
        l->stats.dropped_hold++;
        return false;
    }
    h.packet->len = (uint32_t)len;
    memcpy(h.packet->data, data, len);
    h.order = l->order++;
    l->held_bytes += (int64_t)len;
    for (i = l->count++; i > 0 && before(&h, &l->heap[(i - 1) / 2]); i = (i - 1) / 2)
        l->heap[i] = l->heap[(i - 1) / 2];
    l->heap[i] = h;
    return true;
}

struct packet *unhold(struct link *l)
{
    struct packet *packet = l->heap[0].packet;
    struct held h = l->heap[--l->count];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < l->count) {
        if (child + 1 < l->count && before(&l->heap[child + 1], &l->heap[child]))
            child++;
        if (!before(&l->heap[child], &h))
            break;
        l->heap[i] = l->heap[child];
        i = child;
    }
    l->heap[i] = h;
    l->held_bytes -= packet->len;
    return packet;
}
