/* SPDX-License-Identifier: MIT */
/* Tests of os/workers.h. */
#include "../file/tree.h"

#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

struct note {
    struct store_job job;
    pthread_t ran_on;
    pthread_t done_on;
    sigset_t blocked;
    int ran;
    int done;
    int again; /* how often done() submits it once more */
    struct workers *workers;
};

static void note_run(struct store_job *job)
{
    struct note *n = JOB_OWNER(job, struct note, job);

    n->ran_on = pthread_self();
    pthread_sigmask(SIG_BLOCK, NULL, &n->blocked);
    n->ran++;
}

static void note_done(struct store_job *job)
{
    struct note *n = JOB_OWNER(job, struct note, job);

    n->done_on = pthread_self();
    n->done++;
    if (n->again-- > 0)
        workers_submit(n->workers, job);
}

static void submit_to(struct workers *w, struct note *n, uint32_t group)
{
    n->job = (struct store_job){ .run = note_run, .done = note_done, .group = group };
    n->workers = w;
    workers_submit(w, &n->job);
}

static void submit(struct workers *w, struct note *n)
{
    submit_to(w, n, 0);
}

static void runs_on_a_helper_and_ends_on_the_loop(void **state)
{
    struct tree *t = *state;
    struct note n = { 0 };

    submit(&t->workers, &n);
    assert_int_equal(workers_pending(&t->workers), 1);
    collect_until(&t->workers, &n.done);
    assert_int_equal(n.ran, 1);
    assert_false(pthread_equal(n.ran_on, pthread_self()));
    assert_true(pthread_equal(n.done_on, pthread_self()));
    assert_int_equal(workers_pending(&t->workers), 0);
}

static void nothing_is_done_before_collect(void **state)
{
    struct tree *t = *state;
    struct pollfd event = { .fd = workers_fd(&t->workers), .events = POLLIN };
    struct note n = { 0 };

    assert_int_equal(poll(&event, 1, 0), 0);
    submit(&t->workers, &n);
    assert_int_equal(poll(&event, 1, 10000), 1);
    assert_int_equal(n.done, 0);
    assert_int_equal(workers_collect(&t->workers), 1);
    assert_int_equal(n.done, 1);
    assert_int_equal(workers_collect(&t->workers), 0);
    assert_int_equal(poll(&event, 1, 0), 0);
}

static void helpers_take_no_signal(void **state)
{
    struct tree *t = *state;
    struct note n = { 0 };

    submit(&t->workers, &n);
    collect_until(&t->workers, &n.done);
    assert_true(sigismember(&n.blocked, SIGTERM));
    assert_true(sigismember(&n.blocked, SIGINT));
    assert_false(sigismember(&n.blocked, SIGKILL));
}

static void thousands_end_once_each(void **state)
{
    enum { JOBS = 5000 };
    struct tree *t = *state;
    struct note *n = calloc(JOBS, sizeof *n);

    for (int i = 0; i < JOBS; i++)
        submit(&t->workers, &n[i]);
    for (int i = 0; i < JOBS; i++)
        collect_until(&t->workers, &n[i].done);
    for (int i = 0; i < JOBS; i++)
        assert_true(n[i].ran == 1 && n[i].done == 1);
    assert_int_equal(workers_pending(&t->workers), 0);
    free(n);
}

/* The seam: the job that `held` names waits in before_run until it is let go. */
struct seam {
    struct store_job *held;
    sem_t let_go;
};

static void hold(struct store_job *job, void *arg)
{
    struct seam *s = arg;

    if (job == s->held)
        sem_wait(&s->let_go);
}

static void a_held_job_holds_no_other(void **state)
{
    struct workers w;
    struct note slow = { 0 };
    struct note quick[20] = { 0 };
    struct seam seam = { .held = &slow.job };
    struct workers_config config = { .threads = 2, .before_run = hold, .arg = &seam };

    (void)state;
    sem_init(&seam.let_go, 0, 0);
    assert_int_equal(workers_open(&w, &config), 0);
    submit(&w, &slow);
    for (size_t i = 0; i < COUNT(quick); i++)
        submit(&w, &quick[i]);
    for (size_t i = 0; i < COUNT(quick); i++)
        collect_until(&w, &quick[i].done);
    assert_int_equal(slow.ran, 0);
    sem_post(&seam.let_go);
    collect_until(&w, &slow.done);
    workers_close(&w);
    sem_destroy(&seam.let_go);
}

static void close_finishes_what_is_queued(void **state)
{
    struct workers w;
    struct note n[50] = { 0 };

    (void)state;
    assert_int_equal(workers_open(&w, &(struct workers_config){ .threads = 1 }), 0);
    for (size_t i = 0; i < COUNT(n); i++)
        submit(&w, &n[i]);
    n[7].again = 3;
    workers_close(&w);
    for (size_t i = 0; i < COUNT(n); i++)
        assert_int_equal(n[i].done, i == 7 ? 4 : 1);
}

static void one_thread_keeps_the_order(void **state)
{
    struct workers w;
    struct note n[3] = { 0 };

    (void)state;
    assert_int_equal(workers_open(&w, &(struct workers_config){ .threads = 1 }), 0);
    for (size_t i = 0; i < COUNT(n); i++)
        submit(&w, &n[i]);
    collect_until(&w, &n[1].done);
    assert_int_equal(n[0].done, 1);
    workers_close(&w);
}

/* The seam: which jobs were begun, in order. The first waits until all are queued. */
struct begun {
    const struct store_job *jobs[6];
    size_t count;
    sem_t first, queued;
};

static void begin_in_order(struct store_job *job, void *arg)
{
    struct begun *b = arg;

    b->jobs[b->count++] = job;
    if (b->count > 1)
        return;
    sem_post(&b->first);
    sem_wait(&b->queued);
}

static void groups_take_turns(void **state)
{
    static const uint32_t groups[] = { 1, 1, 1, 1, 2, 3 };
    static const size_t order[] = { 0, 1, 4, 5, 2, 3 };
    struct workers w;
    struct begun begun = { 0 };
    struct note n[COUNT(groups)] = { 0 };
    struct workers_config config = { .threads = 1,
                                     .before_run = begin_in_order,
                                     .arg = &begun };

    (void)state;
    sem_init(&begun.first, 0, 0);
    sem_init(&begun.queued, 0, 0);
    assert_int_equal(workers_open(&w, &config), 0);
    for (size_t i = 0; i < COUNT(n); i++) {
        submit_to(&w, &n[i], groups[i]);
        if (i == 0)
            sem_wait(&begun.first);
    }
    sem_post(&begun.queued);
    workers_close(&w);
    for (size_t i = 0; i < COUNT(n); i++)
        assert_ptr_equal(begun.jobs[i], &n[order[i]].job);
    sem_destroy(&begun.first);
    sem_destroy(&begun.queued);
}

/* The seam: all jobs of group 1, and all that write, hang until they are let go. */
struct mount {
    atomic_int hanging;
    sem_t let_go;
};

static void hang(struct store_job *job, void *arg)
{
    struct mount *m = arg;

    if (job->group != 1 && !job->writes)
        return;
    m->hanging++;
    sem_wait(&m->let_go);
}

/* The end of a test: all that hang go on, and are done. */
static void let_go_and_close(struct workers *w, struct mount *mount, struct note *notes,
                             size_t count)
{
    for (size_t i = 0; i < count; i++)
        sem_post(&mount->let_go);
    for (size_t i = 0; i < count; i++)
        collect_until(w, &notes[i].done);
    workers_close(w);
    sem_destroy(&mount->let_go);
}

/* Two threads, which may become eight. */
static void a_group_that_hangs_has_half_of_the_threads(void **state)
{
    struct workers w;
    struct mount mount = { 0 };
    struct note dead[20] = { 0 };
    struct note well[3] = { 0 };
    struct workers_config config = {
        .threads = 2, .most = 8, .before_run = hang, .arg = &mount
    };

    (void)state;
    sem_init(&mount.let_go, 0, 0);
    assert_int_equal(workers_open(&w, &config), 0);
    for (size_t i = 0; i < COUNT(dead); i++)
        submit_to(&w, &dead[i], 1);
    while (mount.hanging < 2)
        sched_yield();
    workers_relieve(&w); /* two were begun since it was made */
    assert_int_equal(w.started, 2);
    workers_relieve(&w);
    assert_int_equal(w.started, 4);
    while (mount.hanging < 4)
        sched_yield();
    workers_relieve(&w);
    workers_relieve(&w); /* no more of them may begin */
    assert_int_equal(w.started, 4);
    submit_to(&w, &well[0], 2);
    workers_relieve(&w);
    assert_int_equal(w.started, 6);
    for (size_t i = 0; i < COUNT(well); i++) {
        if (i > 0)
            submit_to(&w, &well[i], (uint32_t)(2 + i));
        collect_until(&w, &well[i].done);
    }
    assert_int_equal(mount.hanging, 4);
    let_go_and_close(&w, &mount, dead, COUNT(dead));
}

/* Eight directories of a disk whose fsync hangs: half of the threads are left to who reads. */
static void all_that_write_have_half_of_the_threads(void **state)
{
    struct workers w;
    struct mount mount = { 0 };
    struct note slow[8] = { 0 };
    struct note reader = { 0 };
    struct workers_config config = {
        .threads = 2, .most = 8, .before_run = hang, .arg = &mount
    };

    (void)state;
    sem_init(&mount.let_go, 0, 0);
    assert_int_equal(workers_open(&w, &config), 0);
    for (uint32_t i = 0; i < COUNT(slow); i++) {
        slow[i].job = (struct store_job){
            .run = note_run, .done = note_done, .group = 10 + i, .writes = true
        };
        workers_submit(&w, &slow[i].job);
    }
    for (int i = 0; i < 10; i++)
        workers_relieve(&w);
    while (mount.hanging < 4)
        sched_yield();
    submit_to(&w, &reader, 99);
    for (int i = 0; i < 3; i++)
        workers_relieve(&w);
    collect_until(&w, &reader.done);
    assert_int_equal(mount.hanging, 4);
    let_go_and_close(&w, &mount, slow, COUNT(slow));
}

/* One directory of such a disk: the others that write have as much left again. */
static void a_group_that_writes_has_a_quarter_of_the_threads(void **state)
{
    struct workers w;
    struct mount mount = { 0 };
    struct note slow[4] = { 0 };
    struct workers_config config = {
        .threads = 2, .most = 8, .before_run = hang, .arg = &mount
    };

    (void)state;
    sem_init(&mount.let_go, 0, 0);
    assert_int_equal(workers_open(&w, &config), 0);
    for (uint32_t i = 0; i < COUNT(slow); i++) {
        slow[i].job = (struct store_job){
            .run = note_run, .done = note_done, .group = 10 + i / 3, .writes = true
        };
        if (i < 3)
            workers_submit(&w, &slow[i].job);
    }
    while (mount.hanging < 2)
        sched_yield();
    for (int i = 0; i < 3; i++)
        workers_relieve(&w); /* the third of them may not begin */
    assert_int_equal(w.started, 2);
    workers_submit(&w, &slow[3].job);
    workers_relieve(&w);
    assert_int_equal(w.started, 4);
    while (mount.hanging < 3)
        sched_yield();
    let_go_and_close(&w, &mount, slow, COUNT(slow));
}

static void hang_alone(struct store_job *job, void *arg)
{
    struct mount *m = arg;

    if (!job->lone)
        return;
    m->hanging++;
    sem_wait(&m->let_go);
}

static void submit_lone(struct workers *w, struct note *n, uint32_t group)
{
    n->job = (struct store_job){
        .run = note_run, .done = note_done, .group = group, .lone = true
    };
    workers_submit(w, &n->job);
}

/* Group 1 hangs: its second lone job waits, the lone one of another group does not, nor does
 * a job of group 1 that is not lone. */
static void lone_jobs_of_a_group_run_one_at_a_time(void **state)
{
    struct workers w;
    struct mount mount = { 0 };
    struct note dead[2] = { 0 };
    struct note well = { 0 };
    struct note common = { 0 };
    struct workers_config config = { .threads = 4, .before_run = hang, .arg = &mount };

    (void)state;
    sem_init(&mount.let_go, 0, 0);
    assert_int_equal(workers_open(&w, &config), 0);
    for (size_t i = 0; i < COUNT(dead); i++)
        submit_lone(&w, &dead[i], 1);
    submit_lone(&w, &well, 2);
    collect_until(&w, &well.done);
    submit_to(&w, &common, 1); /* it hangs too, but has begun */
    while (mount.hanging < 2)
        sched_yield();
    assert_int_equal(w.alone, 1);
    for (size_t i = 0; i < COUNT(dead) + 1; i++)
        sem_post(&mount.let_go);
    collect_until(&w, &dead[0].done);
    collect_until(&w, &dead[1].done);
    collect_until(&w, &common.done);
    assert_int_equal(mount.hanging, 3);
    workers_close(&w);
    sem_destroy(&mount.let_go);
}

/* Eight clients' networks, each with one that is slow. */
static void all_lone_jobs_have_half_of_the_threads(void **state)
{
    struct workers w;
    struct mount mount = { 0 };
    struct note slow[8] = { 0 };
    struct note reader = { 0 };
    struct workers_config config = {
        .threads = 4, .most = 4, .before_run = hang_alone, .arg = &mount
    };

    (void)state;
    sem_init(&mount.let_go, 0, 0);
    assert_int_equal(workers_open(&w, &config), 0);
    for (uint32_t i = 0; i < COUNT(slow); i++)
        submit_lone(&w, &slow[i], i);
    while (mount.hanging < 2)
        sched_yield();
    submit_to(&w, &reader, 99);
    collect_until(&w, &reader.done);
    assert_int_equal(mount.hanging, 2);
    let_go_and_close(&w, &mount, slow, COUNT(slow));
}

static void an_idle_pool_does_not_grow(void **state)
{
    struct workers w;

    (void)state;
    assert_int_equal(
        workers_open(&w, &(struct workers_config){ .threads = 1, .most = 4 }), 0);
    for (int i = 0; i < 5; i++) {
        struct note n = { 0 };

        submit(&w, &n);
        collect_until(&w, &n.done);
        workers_relieve(&w);
        workers_relieve(&w);
    }
    assert_int_equal(w.started, 1);
    workers_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_on_a_helper_and_ends_on_the_loop, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_done_before_collect, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(helpers_take_no_signal, tree_setup,
                                        tree_teardown),
        cmocka_unit_test_setup_teardown(thousands_end_once_each, tree_setup,
                                        tree_teardown),
        cmocka_unit_test(a_held_job_holds_no_other),
        cmocka_unit_test(close_finishes_what_is_queued),
        cmocka_unit_test(one_thread_keeps_the_order),
        cmocka_unit_test(groups_take_turns),
        cmocka_unit_test(a_group_that_hangs_has_half_of_the_threads),
        cmocka_unit_test(all_that_write_have_half_of_the_threads),
        cmocka_unit_test(a_group_that_writes_has_a_quarter_of_the_threads),
        cmocka_unit_test(lone_jobs_of_a_group_run_one_at_a_time),
        cmocka_unit_test(all_lone_jobs_have_half_of_the_threads),
        cmocka_unit_test(an_idle_pool_does_not_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
