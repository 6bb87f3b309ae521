#include "base/deadlines.c"

#include "proof.h"

enum { ROOM = 3, OPERATIONS = 6 };

/* Any state that some operations reach from an empty heap, and one more. */
/* Slevel: 20000 */
void prove_deadlines(void)
{
    struct deadline_entry heap[ROOM];
    uint32_t place[ROOM];
    struct deadlines d;

    deadlines_init(&d, heap, place, ROOM);
    for (int i = 0; i < OPERATIONS; i++) {
        EACH(slot, ROOM - 1);

        if (any_bool()) {
            uint32_t due;

            if (deadlines_pop(&d, any_u64(), &due))
                //@ assert in_the_room: due < ROOM;
                ;
        } else {
            deadlines_set(&d, (uint32_t)slot, any_u64());
        }
        (void)deadlines_next(&d);
    }
}
