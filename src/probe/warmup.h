/* SPDX-License-Identifier: MIT */
/* What a target's first probe would have to wait for: its name to be resolved, and its
 * next hop's link address to be found (ARP, neighbour discovery). Neither belongs into a
 * round trip, so both are over when the schedule begins, and are counted on their own.
 * Where the next hop's address is not known, or a cookie must be had beforehand, one
 * exchange is made that is in no count: the warm-up. This is what became of it; target.h
 * sends it and hears its answer. No socket, no clock. */
#ifndef PROBE_WARMUP_H
#define PROBE_WARMUP_H

#include "kedge/base.h"

#define WARMUP_SEQUENCE UINT64_MAX /* its sequence number */

enum warmup_state { WARMUP_NONE, WARMUP_WAITS, WARMUP_ANSWERED, WARMUP_FAILED };

struct warmup {
    kedge_nanos resolve; /* 0: there was no name */
    enum warmup_state state;
    bool neighbour;    /* the next hop's link address was not known */
    kedge_nanos sent;  /* the warm-up */
    kedge_nanos took;  /* its round trip */
    kedge_nanos leave; /* of that, until the device got it; 0: not known */
};

/* It leaves now. */
void warmup_sent(struct warmup *w, kedge_nanos now);

/* Its answer came; leave as above. */
void warmup_answered(struct warmup *w, kedge_nanos now, kedge_nanos leave);

/* It will not be answered. Nothing if it does not wait. */
void warmup_failed(struct warmup *w);

#endif
