/* SPDX-License-Identifier: MIT */
/* The detection of moments in which this program itself was delayed. */
#include "probe/own_lateness.h"

#include "base/number.h"

void own_lateness_awake(struct own_lateness *s, kedge_nanos now)
{
    if (sub_sat(now, s->due) < SELF_LATE)
        return;
    s->times++;
    s->worst = max_u64(s->worst, now - s->due);
    s->late_from = s->due;
    s->late_until = now;
    s->due = now; /* one lateness is counted once */
}

void own_lateness_clocks(struct own_lateness *s, kedge_nanos now, uint64_t wall_ns)
{
    uint64_t offset = wall_ns - now;
    int64_t by = (int64_t)(offset - s->wall_offset);

    if (s->wall_offset != 0 && (by >= (int64_t)SELF_STEP || -by >= (int64_t)SELF_STEP)) {
        s->steps++;
        s->step = by;
    }
    s->wall_offset = offset;
}
