/* SPDX-License-Identifier: MIT */
/* Random runs: a seed makes a server, its clients, their links and their files. */
#ifndef TESTS_SIM_RUNS_H
#define TESTS_SIM_RUNS_H

#include "world.h"

struct tally {
    uint64_t worlds;
    uint64_t transfers; /* of kedge's clients */
    uint64_t good;      /* that ended whole */
    uint64_t datagrams;
    uint64_t events;
    kedge_nanos time;            /* virtual */
    unsigned outcomes[OUTCOMES]; /* as the clients saw it */
    unsigned server[OUTCOMES];
};

/* One world. False if something did not hold, and then `failure` says what. */
KEDGE_MUST_CHECK bool run_seed(uint64_t seed, bool trace, struct tally *tally,
                               char failure[FAILURE_MAX]);

#endif
