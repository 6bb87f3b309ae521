/* SPDX-License-Identifier: MIT */
/* A small pool of helper threads for what may block: opens, cold reads, fsync, rename, close.
 * One loop owns the pool: it submits, and is the only one that collects. A job is the
 * caller's own struct and is queued in place, so nothing is allocated and the queue is
 * bounded by the number of job structs. Jobs of one group start in the order submitted, and
 * groups take turns; they may end in any other order.
 *
 * A job may hang: a mount no longer answers. The pool grows where that keeps others waiting,
 * and no group has more than half of what it may grow to. Nor have all that write, for a
 * slow disk is slow to all of them; a group of those has a quarter. Lone jobs are groups of their
 * own, in which one runs at a time, and all of them have half as well. */
#ifndef OS_WORKERS_H
#define OS_WORKERS_H

#include "kedge/base.h"

#include <pthread.h>

#define WORKERS_MAX 64
#define WORKERS_GROUPS 1024 /* by the group of a job; two may share one by chance */

/* Embedded in what the job is about. From submit until done() is entered it must stay
 * where it is, and belongs to the pool: it cannot be cancelled, only waited for. In
 * done() it may be submitted again or its memory reused. */
struct store_job {
    void (*run)(struct store_job *job);  /* on a helper; may block */
    void (*done)(struct store_job *job); /* on the loop's thread, once run() is over */
    uint32_t group;         /* any number: jobs that may hang together have one */
    bool writes;            /* as all of its group: see workers_config.most */
    bool lone;              /* none of its group begins before it is over */
    struct store_job *next; /* the pool's */
};

/* The struct of that type in which job is the member of that name. */
#define JOB_OWNER(job, type, member) ((type *)((char *)(job)-offsetof(type, member)))

struct workers_config {
    uint32_t threads; /* 1 to WORKERS_MAX */
    uint32_t most; /* threads that it may grow to; 0: it does not, and groups are free */

    /* Called on the helper before each job's run(), and may block: so a test holds one
     * job while the others go on. NULL in production. */
    void (*before_run)(struct store_job *job, void *arg);
    void *arg;
};

struct job_list {
    struct store_job *first;
    struct store_job *last;
};

struct job_group {
    struct job_list queued;
    uint32_t running;
    struct job_group *next; /* that has queued jobs, in turn */
};

/* All of it is the pool's own. It must not move while it is open. */
struct workers {
    struct workers_config config;
    pthread_t threads[WORKERS_MAX];
    uint32_t started;
    uint32_t pending;     /* submitted, done() not yet called; the loop's alone */
    int event;            /* eventfd: readable while something is finished */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t more;  /* a job was queued, or stopping was set */
    struct job_group groups[WORKERS_GROUPS];
    struct job_group lone[WORKERS_GROUPS];
    struct job_group *first; /* that has queued jobs; the others in turn behind it */
    struct job_group **end;  /* the link that the next one is hung on */
    uint32_t writing;        /* jobs that write */
    uint32_t alone;          /* lone jobs that run */
    uint64_t begun;          /* jobs so far */
    struct job_list finished;
    bool stopping;
    uint64_t begun_seen; /* by workers_relieve(); the loop's alone */
};

/* Start the threads, with every signal blocked in them. 0, or -errno, and then nothing
 * is left running. */
KEDGE_MUST_CHECK int workers_open(struct workers *w, const struct workers_config *config);

/* Every job is finished, those still queued too, and its done() is called, before the
 * threads are joined: nothing that holds a file or a temporary name is dropped. done()
 * may submit more; they are finished as well. A job that hangs hangs this call. */
void workers_close(struct workers *w);

/* Queue a job. It never fails and never blocks for long. On the loop's thread only. */
void workers_submit(struct workers *w, struct store_job *job);

/* To be called some time after a submit, and again as long as jobs are pending: if none was
 * begun since the last call, though one may be, the threads hang, and as many more are
 * started as there were at first. Fails silently: the next call tries again. */
void workers_relieve(struct workers *w);

/* To be watched for reading (level-triggered): then call workers_collect(). */
int workers_fd(const struct workers *w);

/* Call done() of every job finished by now. Returns how many. */
uint32_t workers_collect(struct workers *w);

/* Jobs submitted whose done() was not yet called. */
uint32_t workers_pending(const struct workers *w);

#endif
