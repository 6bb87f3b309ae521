/* SPDX-License-Identifier: MIT */
/* Stalls: times in which a peer, or the way to it, stood still and then went on. Their sign
 * is that no answer came for a while, though some were due, and that then the answers to
 * all those probes came at once, each later than usual by what was left of the while. That
 * is neither loss nor a slow path, and the report names it. Pure. */
#ifndef PROBE_STALL_H
#define PROBE_STALL_H

#include "kedge/base.h"

#define STALL_LEAST (10 * KEDGE_MSEC)
#define STALL_INTERVALS 4 /* and at least so many of the probes' */
#define STALL_WAITED 3    /* fewer answers at once may be chance */

struct stall {
    kedge_nanos from, to;
    uint64_t waited; /* answers that came behind it */
};

struct stalls {
    kedge_nanos least;
    kedge_nanos last; /* reply; 0: none */
    struct stall present, longest;
    uint64_t count;
};

void stalls_init(struct stalls *s, kedge_nanos interval);

struct stall_reply {
    kedge_nanos sent, now;
    kedge_nanos rtt_min;               /* what is usual: the shortest, late ones too */
    kedge_nanos held_here;             /* by this host's kernel, before it left */
    kedge_nanos self_from, self_until; /* when this program itself last stood still */
};

/* The first reply to a probe. */
void stalls_reply(struct stalls *s, const struct stall_reply *r);

#endif
