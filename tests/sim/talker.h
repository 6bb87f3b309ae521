/* SPDX-License-Identifier: MIT */
/* A client by a script: it says what it is told to, when it is told to, and heeds of what it
 * hears only where that came from. */
#ifndef TESTS_SIM_TALKER_H
#define TESTS_SIM_TALKER_H

#include "world.h"

enum step_kind {
    TELL_REQUEST, /* bytes to the request port */
    TELL,         /* bytes to the socket that spoke last */
    TELL_OTHER,   /* bytes to another data socket */
    TELL_ACKS,    /* of blocks from `first` to `last`, one every 3 ms */
    TELL_BLOCKS,  /* of its file, likewise */
    TAKE_PORT,    /* it has another port from now on */
    CLOSE,        /* nobody listens at its port any more, says its host */
    CUT,          /* a router says `icmp` of all that is sent to it */
};

struct talk {
    enum step_kind kind;
    kedge_nanos after; /* the step before */
    struct kedge_span bytes;
    uint64_t first, last;
    enum verdict_icmp icmp;
};

struct talker {
    const struct talk *talks;
    unsigned count;
    unsigned at;
    uint64_t said; /* of a range */
    uint16_t socket;
};

/* Its first step is due `after` now. */
struct actor *talker_add(struct world *w, struct talker *t, uint64_t size);

#endif
