/* SPDX-License-Identifier: MIT */
/* The parts of a round trip, computed from kernel timestamps. */
#include "probe/kernel_times.h"

#include "base/number.h"

#include <stdlib.h>

struct kernel_times *kernel_times_open(uint64_t room)
{
    uint32_t slots = (uint32_t)min_u64(room, KERNEL_TIMES_ROOM_MAX);
    struct kernel_times *s = calloc(1, sizeof *s + slots * sizeof *s->slots);

    KEDGE_ASSERT(slots > 0 && (slots & (slots - 1)) == 0);
    if (s)
        s->room = slots;
    return s;
}

void kernel_times_close(struct kernel_times *s)
{
    if (!s)
        return;
    histogram_free(&s->send);
    histogram_free(&s->way);
    histogram_free(&s->receive);
    histogram_free(&s->wire);
    free(s);
}

void kernel_times_sent(struct kernel_times *s, uint64_t sequence, uint64_t sent_ns)
{
    s->slots[s->number++ % s->room] = (struct kernel_times_slot){ sequence, sent_ns, 0 };
}

void kernel_times_restart(struct kernel_times *s)
{
    s->number = 0;
}

/* One of before a restart, told late, is older than what has its number now. */
void kernel_times_left(struct kernel_times *s, uint32_t number, uint64_t left_ns)
{
    struct kernel_times_slot *slot = &s->slots[number % s->room];

    if (s->number - number <= s->room && number != s->number && left_ns >= slot->sent_ns)
        slot->left_ns = left_ns;
}

void kernel_times_left_byte(struct kernel_times *s, uint32_t byte, uint64_t size,
                            uint64_t left_ns)
{
    uint32_t back = (uint32_t)(s->number * size) - 1 - byte;
    uint32_t number = s->number - 1 - (uint32_t)(back / size);

    if (back % size == 0 && s->slots[number % s->room].left_ns == 0)
        kernel_times_left(s, number, left_ns);
}

/* Sequences and numbers part where a probe did not leave, or left without a stamp; but
 * both rise. */
static struct kernel_times_slot *find_kernel_times(struct kernel_times *s,
                                                   uint64_t sequence)
{
    uint32_t low = s->number > s->room ? s->number - s->room : 0, high = s->number;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct kernel_times_slot *slot = &s->slots[middle % s->room];

        if (slot->sequence == sequence)
            return slot->sent_ns > 0 ? slot : NULL;
        if (slot->sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool kernel_times_departure(struct kernel_times *s, uint64_t sequence, uint64_t *sent_ns,
                            uint64_t *left_ns)
{
    const struct kernel_times_slot *slot = find_kernel_times(s, sequence);

    if (!slot || slot->left_ns < slot->sent_ns)
        return false;
    *sent_ns = slot->sent_ns;
    *left_ns = slot->left_ns;
    return true;
}

void kernel_times_came(struct kernel_times *s, const struct kernel_times_reply *r)
{
    struct kernel_times_slot *slot = find_kernel_times(s, r->sequence);
    uint64_t way;

    if (!slot || slot->left_ns < slot->sent_ns || r->came_ns < slot->left_ns ||
        r->now_ns < r->came_ns)
        return;
    way = r->came_ns - slot->left_ns;
    histogram_record(&s->send, slot->left_ns - slot->sent_ns);
    histogram_record(&s->way, way);
    histogram_record(&s->receive, r->now_ns - r->came_ns);
    if (r->held > 0 && r->held <= way)
        histogram_record(&s->wire, way - r->held);
}
