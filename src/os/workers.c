/* SPDX-License-Identifier: MIT */
/* The pool of helper threads: queue, threads, results for the loop. */
#include "os/workers.h"

#include "base/number.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void append_job(struct job_list *list, struct store_job *job)
{
    job->next = NULL;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

static struct store_job *take_first(struct job_list *list)
{
    struct store_job *job = list->first;

    if (job) {
        list->first = job->next;
        if (!list->first)
            list->last = NULL;
    }
    return job;
}

static struct job_group *group_of(struct workers *w, const struct store_job *job)
{
    return &(job->lone ? w->lone : w->groups)[job->group % WORKERS_GROUPS];
}

static void queue_group(struct workers *w, struct job_group *group)
{
    group->next = NULL;
    *w->end = group;
    w->end = &group->next;
}

/* Half of the threads for a group, for all that write and for all that are lone; of those that
 * write a group has a quarter. */
static bool may_begin(const struct workers *w, const struct job_group *group)
{
    uint32_t half = (w->config.most + 1) / 2;

    if (group->queued.first->lone)
        return group->running == 0 && (half == 0 || w->alone < half);
    if (half == 0)
        return true;
    if (!group->queued.first->writes)
        return group->running < half;
    return group->running < (half + 1) / 2 && w->writing < half;
}

/* The link to the first group that may begin a job; NULL: there is none. */
static struct job_group **find_group(struct workers *w)
{
    for (struct job_group **at = &w->first; *at; at = &(*at)->next)
        if (may_begin(w, *at))
            return at;
    return NULL;
}

/* Its first job. If it has more, it is the last in turn. */
static struct store_job *begin_job(struct workers *w, struct job_group **at)
{
    struct job_group *group = *at;
    struct store_job *job = take_first(&group->queued);

    *at = group->next;
    if (w->end == &group->next)
        w->end = at;
    if (group->queued.first)
        queue_group(w, group);
    group->running++;
    w->writing += job->writes;
    w->alone += job->lone;
    w->begun++;
    return job;
}

static struct store_job *next_job(struct workers *w)
{
    struct store_job *job = NULL;
    struct job_group **at;

    pthread_mutex_lock(&w->lock);
    while (!(at = find_group(w)) && !w->stopping)
        pthread_cond_wait(&w->more, &w->lock);
    if (at)
        job = begin_job(w, at);
    pthread_mutex_unlock(&w->lock);
    return job;
}

/* The loop is woken once for all that has finished since it last looked. */
static void finish_job(struct workers *w, struct store_job *job)
{
    bool wake;

    pthread_mutex_lock(&w->lock);
    wake = !w->finished.first;
    group_of(w, job)->running--;
    w->writing -= job->writes;
    w->alone -= job->lone;
    append_job(&w->finished, job);
    pthread_mutex_unlock(&w->lock);
    if (wake)
        (void)eventfd_write(w->event, 1);
}

static void *work(void *arg)
{
    struct workers *w = arg;
    struct store_job *job;

    while ((job = next_job(w))) {
        if (w->config.before_run)
            w->config.before_run(job, w->config.arg);
        job->run(job);
        finish_job(w, job);
    }
    return NULL;
}

static void stop(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->more);
    pthread_mutex_unlock(&w->lock);
    for (uint32_t i = 0; i < w->started; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->more);
    pthread_mutex_destroy(&w->lock);
    close(w->event);
}

/* Signals are the loop's: a helper that took one would hide it from a signalfd. */
static int start_threads(struct workers *w, uint32_t count)
{
    sigset_t all, before;
    int err = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (!err && w->started < count) {
        err = pthread_create(&w->threads[w->started], NULL, work, w);
        if (!err)
            w->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

int workers_open(struct workers *w, const struct workers_config *config)
{
    int err;

    KEDGE_ASSERT(config->threads >= 1 && config->threads <= WORKERS_MAX);
    KEDGE_ASSERT(config->most <= WORKERS_MAX);
    *w = (struct workers){ .config = *config };
    w->end = &w->first;
    w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->event < 0)
        return -errno;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->more, NULL);
    err = start_threads(w, config->threads);
    if (err)
        stop(w);
    return err;
}

void workers_close(struct workers *w)
{
    struct pollfd event = { .fd = w->event, .events = POLLIN };

    while (w->pending > 0) {
        (void)poll(&event, 1, -1);
        (void)workers_collect(w);
    }
    stop(w);
}

void workers_submit(struct workers *w, struct store_job *job)
{
    struct job_group *group;

    w->pending++;
    pthread_mutex_lock(&w->lock);
    group = group_of(w, job);
    if (!group->queued.first)
        queue_group(w, group);
    append_job(&group->queued, job);
    pthread_cond_signal(&w->more);
    pthread_mutex_unlock(&w->lock);
}

void workers_relieve(struct workers *w)
{
    bool stand;

    pthread_mutex_lock(&w->lock);
    stand = find_group(w) && w->begun == w->begun_seen;
    w->begun_seen = w->begun;
    pthread_mutex_unlock(&w->lock);
    if (stand)
        (void)start_threads(
            w, (uint32_t)min_u64(w->started + w->config.threads, w->config.most));
}

int workers_fd(const struct workers *w)
{
    return w->event;
}

uint32_t workers_collect(struct workers *w)
{
    struct job_list finished;
    struct store_job *job;
    eventfd_t ignored;
    uint32_t n = 0;

    /* Before the list is taken: what finishes in between wakes the loop again. */
    (void)eventfd_read(w->event, &ignored);
    pthread_mutex_lock(&w->lock);
    finished = w->finished;
    w->finished = (struct job_list){ 0 };
    pthread_mutex_unlock(&w->lock);

    while ((job = take_first(&finished))) {
        w->pending--;
        n++;
        job->done(job);
    }
    return n;
}

uint32_t workers_pending(const struct workers *w)
{
    return w->pending;
}
