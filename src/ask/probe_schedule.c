#include "ask/probe_schedule.h"

#include "base/number.h"

void schedule_init(struct schedule *s, kedge_nanos interval, uint64_t count,
                   uint32_t targets)
{
    KEDGE_ASSERT(targets >= 1 && interval >= 1);
    *s = (struct schedule){ .interval = interval,
                            .count = count,
                            .targets = targets,
                            .stagger = min_u64(interval / targets, KEDGE_MSEC) };
}

kedge_nanos schedule_next(const struct schedule *s)
{
    if (s->count > 0 && s->round >= s->count)
        return KEDGE_NEVER;
    return s->start + s->round * s->interval + s->turn * s->stagger;
}

bool schedule_take(struct schedule *s, kedge_nanos now, struct schedule_due *out)
{
    kedge_nanos at = schedule_next(s);

    if (at == KEDGE_NEVER || at > now)
        return false;
    *out = (struct schedule_due){ at, s->turn };
    s->turn++;
    if (s->turn == s->targets) {
        s->turn = 0;
        s->round++;
    }
    return true;
}
