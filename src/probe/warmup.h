/* What a target's first probe would have to wait for: its name to be resolved, and its
 * next hop's link address to be found (ARP, neighbour discovery). Neither belongs into a
 * round trip, so both are over when the schedule begins, and are told apart. Where the
 * next hop is not known, or a token must be had beforehand, one exchange is made that is
 * in no count: the greeting. */
#ifndef PROBE_WARMUP_H
#define PROBE_WARMUP_H

#include "base/bytes.h"

#define WARMUP_SEQUENCE UINT64_MAX /* its sequence number */

enum state { WARMUP_NONE, WARMUP_WAITS, WARMUP_ANSWERED, WARMUP_FAILED };

struct warmup {
    kedge_nanos resolve; /* 0: there was no name */
    enum state state;
    bool neighbour;    /* it was asked for the next hop's sake */
    kedge_nanos sent;  /* the greeting */
    kedge_nanos took;  /* its round trip */
    kedge_nanos leave; /* of that, until the device got it; 0: not known */
};

struct probe_target;
struct probe;

/* Send a greeting if the next hop's address has to be found, or if `always`. */
void warmup_greet(struct probe_target *t, bool always);

/* A payload came: true if it answers a greeting, and then it is in no count. */
bool warmup_took(struct probe_target *t, struct kedge_span payload);

/* The greeting will not be answered. */
void warmup_failed(struct probe_target *t);

#endif
