/* When probes leave: one absolute schedule for all targets, an open loop. Probe k of
 * target t is due at start + k * interval + t * stagger, whatever the answers do and
 * however late an earlier one left; so an outage is met by as many probes as it lasted,
 * and is seen. Pure: the time is an argument. */
#ifndef ASK_PROBE_SCHEDULE_H
#define ASK_PROBE_SCHEDULE_H

#include "kedge/base.h"

struct schedule {
    kedge_nanos start;
    kedge_nanos interval; /* between two probes of one target */
    kedge_nanos stagger;  /* between two targets, so that they do not leave as a burst */
    uint64_t count;       /* for each target; 0: no end */
    uint32_t targets;
    uint64_t round; /* the next probe's: its sequence number ... */
    uint32_t turn;  /* ... and its target */
};

struct schedule_due {
    kedge_nanos at; /* the intended time */
    uint32_t target;
};

/* targets >= 1, interval >= 1. The stagger is chosen here: at most 1 ms. */
void schedule_init(struct schedule *s, kedge_nanos interval, uint64_t count,
                   uint32_t targets);

/* When the next probe is due; KEDGE_NEVER when all have left. */
kedge_nanos schedule_next(const struct schedule *s);

/* Take the next probe if it is due at `now`. False if none is. */
KEDGE_MUST_CHECK bool schedule_take(struct schedule *s, kedge_nanos now,
                                    struct schedule_due *out);

#endif
