/* SPDX-License-Identifier: MIT */
/* Reading the policy again while it serves: on a thread of its own, for a disk and a map
 * take their time; replaced whole or not at all. */
#ifndef CMD_SERVE_RELOAD_H
#define CMD_SERVE_RELOAD_H

#include "cmd/serve_policy.h"
#include "serve/tftp/policy_slot.h"

struct serve_reload {
    const struct serve_options *options; /* as the command line said */
    const struct serve_policy *first;
    const struct serve_sandbox *sandbox;
    struct policy_slot policies;

    pthread_t thread;
    bool started; /* it has to be joined */

    pthread_mutex_t lock; /* guards what follows */
    bool running;
    uint64_t wanted; /* how often so far */
};

/* All of it outlives *r, which must not move. */
void serve_reload_init(struct serve_reload *r, const struct serve_options *options,
                       struct serve_policy *first, const struct serve_sandbox *sandbox);

/* Read it again, from now on; while that is under way: once more behind it. Faults, and
 * that it was done, go to standard error. owner is a serve_reload. */
void serve_reload_begin(void *owner);

/* True until what was begun is through. owner is a serve_reload. */
bool serve_reload_is_running(void *owner);

/* After the shards are freed. False: the disk hangs, and nothing may be freed. */
KEDGE_MUST_CHECK bool serve_reload_close(struct serve_reload *r);

#endif
