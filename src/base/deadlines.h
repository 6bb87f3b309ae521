/* SPDX-License-Identifier: MIT */
/* Which of many things is due first: a binary heap of deadlines over a fixed set of
 * slots, 0 to room - 1. The owner gives the memory; nothing allocates. Setting, clearing
 * and finding the first cost O(log n), O(log n) and O(1). */
#ifndef BASE_DEADLINES_H
#define BASE_DEADLINES_H

#include "kedge/base.h"

struct deadline_entry {
    kedge_nanos at;
    uint32_t slot;
};

struct deadlines {
    struct deadline_entry *heap; /* room entries, the first due in front */
    uint32_t *place;             /* by slot: its index in heap + 1, or 0 if it has none */
    uint32_t count;
    uint32_t room;
};

/* heap and place hold room elements each; place is cleared here. */
void deadlines_init(struct deadlines *d, struct deadline_entry *heap, uint32_t *place,
                    uint32_t room);

/* slot is due at `at`, in place of what it had; KEDGE_NEVER takes it out. */
void deadlines_set(struct deadlines *d, uint32_t slot, kedge_nanos at);

/* When the first is due; KEDGE_NEVER if there is none. */
kedge_nanos deadlines_next(const struct deadlines *d);

/* Take one slot that is due at `now` or before. False if none is. */
KEDGE_MUST_CHECK bool deadlines_pop(struct deadlines *d, kedge_nanos now, uint32_t *slot);

#endif
