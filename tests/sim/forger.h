/* SPDX-License-Identifier: MIT */
/* Somebody who sees no answer: a request in another's name, and ACKs to data ports that it can
 * only guess. Round after round, each in the name of another victim. */
#ifndef TESTS_SIM_FORGER_H
#define TESTS_SIM_FORGER_H

#include "world.h"

enum forgery {
    FORGES_REQUESTS, /* no ACK at all */
    FORGES_ZERO,     /* ACK 0, again and again */
    FORGES_ONCE,     /* one ACK, and then silence */
    FORGES_STREAM,   /* ACKs that follow the file as if it came */
    FORGERIES,
};

struct forger {
    /* Set before the start; at the request port `ports` is 0. */
    enum forgery forgery;
    struct kedge_span request;
    unsigned window; /* that it expects to be granted, of blocks */
    unsigned all;    /* data ports there are */
    unsigned ports;  /* that it tries with each ACK */
    unsigned acks;   /* of a round */
    unsigned
        requests; /* likewise, 100 ms apart: at the request port a second one moves it */
    kedge_nanos every; /* ACKs */
    unsigned rounds;
    /* Its own. */
    unsigned asked;
    unsigned said;
};

struct actor *forger_add(struct world *w, struct forger *f, kedge_nanos start);

#endif
