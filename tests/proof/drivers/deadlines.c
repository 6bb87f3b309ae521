/* SPDX-License-Identifier: MIT */
/* The proof of src/base/deadlines.c. */
#include "contracts.h"
#include "proof.h"

#include "base/deadlines.c"

enum { ROOM = 4 };

/* A heap of any slots in any order, due at any times: nothing rests on their order. */
static void any_heap(struct deadlines *d)
{
    for (int i = 0; i < ROOM; i++) {
        EACH(slot, ROOM);

        if (slot == ROOM || d->place[slot])
            continue;
        d->heap[d->count] = (struct deadline_entry){ any_u64(), (uint32_t)slot };
        d->place[slot] = ++d->count;
    }
}

/* So it is again: each slot is in the heap once, at its place, or not at all. */
static void heap_is_sound(const struct deadlines *d)
{
    uint32_t in = 0;

    //@ assert count: d->count <= ROOM;
    for (uint32_t i = 0; i < d->count; i++)
        //@ assert slot: d->heap[i].slot < ROOM && d->place[d->heap[i].slot] == i + 1;
        ;
    for (int slot = 0; slot < ROOM; slot++)
        in += d->place[slot] != 0;
    //@ assert once: in == d->count;
}

/* Shows: deadlines_set.
 * Slevel: 20000. */
void prove_set(void)
{
    struct deadline_entry heap[ROOM];
    uint32_t place[ROOM];
    struct deadlines d;

    deadlines_init(&d, heap, place, ROOM);
    heap_is_sound(&d);
    any_heap(&d);
    EACH(slot, ROOM - 1);
    deadlines_set(&d, (uint32_t)slot, any_u64());
    heap_is_sound(&d);
}

/* Shows: deadlines_pop, deadlines_next.
 * Slevel: 20000. */
void prove_pop(void)
{
    struct deadline_entry heap[ROOM];
    uint32_t place[ROOM];
    struct deadlines d;
    uint32_t due;

    deadlines_init(&d, heap, place, ROOM);
    any_heap(&d);
    (void)deadlines_next(&d);
    if (deadlines_pop(&d, any_u64(), &due))
        //@ assert in_the_room: due < ROOM;
        ;
    heap_is_sound(&d);
}
