/* SPDX-License-Identifier: MIT */
/* The thread that reads the policy again. */
#include "cmd/serve_reload.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 3 };

/* The first policy stays where it is, for what it says of links holds for all. */
static void close_roots(struct policy_set *set)
{
    policy_roots_close(&set->roots);
}

void serve_reload_init(struct serve_reload *r, const struct serve_options *options,
                       struct serve_policy *first, const struct serve_sandbox *sandbox)
{
    *r = (struct serve_reload){ .options = options, .first = first, .sandbox = sandbox };
    pthread_mutex_init(&r->lock, NULL);
    first->set.release = close_roots;
    policy_slot_init(&r->policies, &first->set);
}

/* NULL: said. */
static struct policy_set *read_policy(const struct serve_reload *r)
{
    struct policy_set *next = serve_policy_again(r->first, r->options);

    if (next && !serve_sandbox_fits(r->sandbox, next)) {
        next->release(next);
        next = NULL;
    }
    return next;
}

static void read_again(struct serve_reload *r)
{
    struct policy_set *next = read_policy(r);

    if (next)
        policy_slot_replace(&r->policies, next);
    fprintf(stderr, "kedge serve: %s\n",
            next ? "the policy was read again"
                 : "the policy was not read again: the old one stays in force");
}

/* True if it is to be read once more; else the thread ends. */
static bool is_wanted(struct serve_reload *r, uint64_t *seen)
{
    bool more;

    pthread_mutex_lock(&r->lock);
    more = *seen != r->wanted;
    *seen = r->wanted;
    r->running = more;
    pthread_mutex_unlock(&r->lock);
    return more;
}

static void *run_reload(void *owner)
{
    struct serve_reload *r = owner;
    uint64_t seen = 0;

    while (is_wanted(r, &seen))
        read_again(r);
    return NULL;
}

static void start_thread(struct serve_reload *r)
{
    int err;

    if (r->started)
        pthread_join(r->thread, NULL); /* it has nothing left to do */
    err = pthread_create(&r->thread, NULL, run_reload, r);
    r->started = err == 0;
    if (err == 0)
        return;
    pthread_mutex_lock(&r->lock);
    r->running = false;
    pthread_mutex_unlock(&r->lock);
    fprintf(stderr, "kedge serve: the policy was not read again: %s\n", strerror(err));
}

void serve_reload_begin(void *owner)
{
    struct serve_reload *r = owner;
    bool idle;

    pthread_mutex_lock(&r->lock);
    r->wanted++;
    idle = !r->running;
    r->running = true;
    pthread_mutex_unlock(&r->lock);
    if (idle)
        start_thread(r);
}

bool serve_reload_is_running(void *owner)
{
    struct serve_reload *r = owner;
    bool running;

    pthread_mutex_lock(&r->lock);
    running = r->running;
    pthread_mutex_unlock(&r->lock);
    return running;
}

bool serve_reload_close(struct serve_reload *r)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    if (r->started && pthread_timedjoin_np(r->thread, NULL, &until) != 0)
        return false;
    policy_slot_free(&r->policies);
    pthread_mutex_destroy(&r->lock);
    return true;
}
