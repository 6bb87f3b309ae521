#include "ask/probe_self.h"

#include "base/number.h"

void self_awake(struct self *s, kedge_nanos now)
{
    if (sub_sat(now, s->due) < SELF_LATE)
        return;
    s->times++;
    s->worst = max_u64(s->worst, now - s->due);
    s->late_from = s->due;
    s->late_until = now;
    s->due = now; /* one lateness is counted once */
}
