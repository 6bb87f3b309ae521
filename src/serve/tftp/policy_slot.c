/* SPDX-License-Identifier: MIT */
/* Counts the users of each policy, and lets go of those that were replaced. */
#include "serve/tftp/policy_slot.h"

void policy_slot_init(struct policy_slot *s, struct policy_set *first)
{
    *s = (struct policy_slot){ .now = first, .generation = 1 };
    first->generation = 1;
    pthread_mutex_init(&s->lock, NULL);
}

static void release_set(struct policy_set *set)
{
    if (set && set->release)
        set->release(set);
}

void policy_slot_free(struct policy_slot *s)
{
    release_set(s->now);
    pthread_mutex_destroy(&s->lock);
}

struct policy_set *policy_slot_take(struct policy_slot *s)
{
    struct policy_set *set = NULL;

    pthread_mutex_lock(&s->lock);
    set = s->now;
    set->users++;
    pthread_mutex_unlock(&s->lock);
    return set;
}

void policy_slot_give(struct policy_slot *s, struct policy_set *set)
{
    bool last = false;

    pthread_mutex_lock(&s->lock);
    KEDGE_ASSERT(set->users > 0);
    last = --set->users == 0 && set != s->now;
    pthread_mutex_unlock(&s->lock);
    if (last)
        release_set(set);
}

void policy_slot_replace(struct policy_slot *s, struct policy_set *next)
{
    struct policy_set *old = NULL;

    pthread_mutex_lock(&s->lock);
    next->generation = ++s->generation;
    old = s->now;
    s->now = next;
    if (old->users > 0)
        old = NULL; /* the last of them does it */
    pthread_mutex_unlock(&s->lock);
    release_set(old);
}
