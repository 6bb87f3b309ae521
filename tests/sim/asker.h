/* SPDX-License-Identifier: MIT */
/* kedge's own client in the simulated world: the machine that ships, its recovery from
 * failures, a file that may turn out too large, and a disk that takes its time. */
#ifndef TESTS_SIM_ASKER_H
#define TESTS_SIM_ASKER_H

#include "tftp/recover.h"
#include "world.h"

struct asker {
    /* Set before the start. */
    enum kedge_tftp_op op;
    struct kedge_tftp_options asked;
    const char *name;
    bool netascii;        /* of the request only */
    bool recovers;        /* tries again with less, as kedge get does */
    bool same_port;       /* the next attempt uses the port of the last */
    kedge_nanos patience; /* 0: the default */
    kedge_nanos linger;   /* after a get */
    uint64_t full_at;     /* a get finds the disk full; UINT64_MAX: never */
    kedge_nanos commit_delay;
    kedge_nanos resets_at; /* the board starts again, from the same port */
    struct nat box;        /* where its actor has one */
    /* What came of it. */
    struct kedge_tftp_client client;
    struct tftp_recovery recovery;
    int socket; /* of the server; -1 until it has answered */
    bool kept;
    bool over;
    bool was_reset;
    unsigned attempts;
    uint64_t blocks;   /* DATA sent */
    uint64_t requests; /* sent */
    kedge_nanos commit_at;
    enum kedge_tftp_outcome outcome;
    kedge_nanos done_at;
};

extern const struct actor_kind asker_kind;

#endif
