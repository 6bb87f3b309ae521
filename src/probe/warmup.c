/* SPDX-License-Identifier: MIT */
/* The state of the one exchange before a run (warmup.h). */
#include "probe/warmup.h"

void warmup_sent(struct warmup *w, kedge_nanos now)
{
    w->state = WARMUP_WAITS;
    w->sent = now;
}

void warmup_answered(struct warmup *w, kedge_nanos now, kedge_nanos leave)
{
    w->state = WARMUP_ANSWERED;
    w->took = now - w->sent;
    w->leave = leave;
}

void warmup_failed(struct warmup *w)
{
    if (w->state == WARMUP_WAITS)
        w->state = WARMUP_FAILED;
}
