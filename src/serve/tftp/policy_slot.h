/* SPDX-License-Identifier: MIT */
/* The policy in force, which may be replaced while requests are judged by it: whole, and
 * from any thread. Who has taken one keeps it until it is given back; one that was replaced
 * goes away with its last user. It reads no policy. */
#ifndef SERVE_TFTP_POLICY_SLOT_H
#define SERVE_TFTP_POLICY_SLOT_H

#include "serve/tftp/policy_set.h"

struct policy_slot {
    pthread_mutex_t lock; /* guards what follows, and each set's users */
    struct policy_set *now;
    uint64_t generation;
};

/* first is closed, and its owner frees it, after policy_slot_free(); its release() lets go of
 * what it has open, as soon as it is replaced and nobody uses it any more. */
void policy_slot_init(struct policy_slot *s, struct policy_set *first);

/* Nobody uses one of its sets any more. */
void policy_slot_free(struct policy_slot *s);

/* The one in force. Give it back as soon as its roots are not needed any more. */
struct policy_set *policy_slot_take(struct policy_slot *s);
void policy_slot_give(struct policy_slot *s, struct policy_set *set);

/* From now on `next`, which is closed and has a release(), is in force. */
void policy_slot_replace(struct policy_slot *s, struct policy_set *next);

#endif
