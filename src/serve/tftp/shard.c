/* SPDX-License-Identifier: MIT */
/* A shard's thread: its loop, its helpers, its open files, and how it is asked to stop. */
#include "serve/tftp/shard.h"

#include "base/number.h"
#include "os/clock.h"
#include "serve/tftp/counters.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum shard_wish { SHARD_SERVES, SHARD_STOPS, SHARD_ENDS };

static const kedge_nanos file_keep = 10 * KEDGE_SEC;
static const kedge_nanos helpers_patience = KEDGE_SEC;
static const kedge_nanos hang_after = 100 * KEDGE_MSEC;

static bool busy(const struct shard *s)
{
    return s->tftp && tftp_service_busy(s->tftp) > 0;
}

static struct shard_state count_transfers(const struct tftp_service *tftp)
{
    struct tftp_counts c = { 0 };

    tftp_counters_sum(tftp_service_counters(tftp), &c);
    return (struct shard_state){ .running = c.at[TFTP_ACTIVE],
                                 .done = tftp_counts_done(&c),
                                 .failed = tftp_counts_failed(&c) };
}

static void shard_answer_state(struct shard *s)
{
    unsigned asked = atomic_load(&s->asked);

    if (asked == atomic_load(&s->answered))
        return;
    if (s->tftp)
        s->state = count_transfers(s->tftp);
    atomic_store(&s->answered, asked);
}

static void answer_view(struct shard *s)
{
    unsigned asked = atomic_load(&s->view_asked);

    if (asked == atomic_load(&s->view_answered))
        return;
    s->view_count = s->tftp ? tftp_live_copy(s->tftp, s->view, s->view_room) : 0;
    atomic_store(&s->view_answered, asked);
}

/* Somebody wants something of this shard. */
static void woken(void *owner)
{
    struct shard *s = owner;
    int wanted = atomic_load(&s->wanted);

    shard_answer_state(s);
    answer_view(s);
    if (wanted >= SHARD_STOPS && s->tftp)
        tftp_service_stop(s->tftp);
    if (wanted == SHARD_ENDS)
        loop_stop(&s->loop);
}

static void relieve(void *owner)
{
    struct shard *s = owner;

    s->relieves = false;
    workers_relieve(&s->workers);
}

static void relieve_later(struct shard *s)
{
    if (s->relieves || !s->workers_open || workers_pending(&s->workers) == 0)
        return;
    s->relieves = true;
    loop_timer_set(&s->loop, &s->relief, loop_now(&s->loop) + hang_after);
}

static void turn_over(void *owner)
{
    struct shard *s = owner;

    if (atomic_load(&s->wanted) >= SHARD_STOPS && !busy(s))
        atomic_store(&s->idle, true);
    if (s->tftp)
        tftp_service_tell_drops(s->tftp);
    relieve_later(s);
}

int shard_open(struct shard *s)
{
    int err;

    *s = (struct shard){ .hook = { .end = turn_over, .owner = s } };
    err = loop_open(&s->loop);
    if (err < 0)
        return err;
    s->waker.woken = woken;
    s->waker.owner = s;
    err = loop_waker_open(&s->loop, &s->waker);
    if (err < 0) {
        loop_close(&s->loop);
        return err;
    }
    loop_hook_add(&s->loop, &s->hook);
    return 0;
}

int shard_serve(struct shard *s, const struct tftp_config *config,
                const struct directory_config *directory)
{
    struct directory_config files = *directory;
    struct tftp_config mine = *config;

    files.loop = &s->loop;
    files.workers = &s->workers;
    files.files = &s->files;
    directory_init(&s->directory, &files);
    s->tftp_room = config->room;
    mine.loop = &s->loop;
    mine.provider = &s->directory.provider;
    return tftp_service_open(&s->tftp, &mine);
}

static void trim_later(struct shard *s, kedge_nanos at)
{
    s->trims = at != KEDGE_NEVER;
    loop_timer_set(&s->loop, &s->trim, at);
}

/* An open file that was replaced or removed keeps its place on the disk. */
static void trim(void *owner)
{
    struct shard *s = owner;
    kedge_nanos later = loop_now(&s->loop) + file_keep;
    kedge_nanos next = cache_trim(&s->files, loop_now(&s->loop));

    trim_later(s, busy(s) ? min_u64(next, later) : next);
}

/* A file that is opened will be idle some day. */
static void collect_jobs(void *owner, unsigned events)
{
    struct shard *s = owner;

    (void)events;
    if (workers_collect(&s->workers) > 0 && !s->trims)
        trim_later(s, loop_now(&s->loop) + file_keep);
}

static int start_files(struct shard *s)
{
    struct workers_config workers = { .threads = SHARD_HELPERS,
                                      .most = SHARD_HELPERS_MOST };
    uint32_t room = (uint32_t)max_u64(s->tftp_room, SHARD_FILES_FEWEST);
    struct cache_config files = { .workers = &s->workers,
                                  .room = room,
                                  .keep = file_keep };
    int err = workers_open(&s->workers, &workers);

    if (err < 0)
        return err;
    s->workers_open = true;
    files.slots = s->file_slots = calloc(room, sizeof *s->file_slots);
    files.buckets = s->file_buckets = calloc(room, sizeof *s->file_buckets);
    if (!files.slots || !files.buckets)
        return -ENOMEM;
    cache_init(&s->files, &files);
    return 0;
}

int shard_start(struct shard *s, struct tftp_recorder recorder)
{
    int err = start_files(s);

    if (err < 0)
        return err;
    s->helpers = (struct loop_watch){ .ready = collect_jobs, .owner = s };
    s->trim = (struct loop_timer){ .due = trim, .owner = s };
    s->relief = (struct loop_timer){ .due = relieve, .owner = s };
    err = loop_timer_add(&s->loop, &s->trim);
    if (!err)
        err = loop_timer_add(&s->loop, &s->relief);
    if (!err)
        err = loop_watch_add(&s->loop, &s->helpers, workers_fd(&s->workers), LOOP_READ);
    return err < 0 ? err : tftp_service_start(s->tftp, recorder);
}

int shard_run(struct shard *s)
{
    return loop_run(&s->loop);
}

static void *run_shard(void *owner)
{
    struct shard *s = owner;

    s->err = loop_run(&s->loop);
    if (s->err < 0)
        (void)kill(getpid(), SIGTERM); /* with a part missing the rest ends in order */
    return NULL;
}

int shard_spawn(struct shard *s)
{
    int err = pthread_create(&s->thread, NULL, run_shard, s);

    s->spawned = err == 0;
    return -err;
}

static void want(struct shard *s, enum shard_wish wish)
{
    atomic_store(&s->wanted, wish);
    loop_waker_wake(&s->waker);
}

void shard_stop(struct shard *s)
{
    want(s, SHARD_STOPS);
}

bool shard_idle(const struct shard *s)
{
    return atomic_load(&s->idle);
}

void shard_ask(struct shard *s)
{
    if (atomic_load(&s->asked) != atomic_load(&s->answered))
        return;
    atomic_fetch_add(&s->asked, 1);
    loop_waker_wake(&s->waker);
}

bool shard_answered(const struct shard *s, struct shard_state *out)
{
    if (atomic_load(&s->asked) != atomic_load(&s->answered))
        return false;
    *out = s->state;
    return true;
}

void shard_ask_view(struct shard *s, struct tftp_live *rows, size_t room)
{
    if (atomic_load(&s->view_asked) != atomic_load(&s->view_answered))
        return;
    s->view = rows;
    s->view_room = room;
    atomic_fetch_add(&s->view_asked, 1);
    loop_waker_wake(&s->waker);
}

bool shard_viewed(const struct shard *s, size_t *count)
{
    if (atomic_load(&s->view_asked) != atomic_load(&s->view_answered))
        return false;
    *count = s->view_count;
    return true;
}

void shard_end(struct shard *s)
{
    want(s, SHARD_ENDS);
}

int shard_join(struct shard *s)
{
    if (!s->spawned)
        return 0;
    pthread_join(s->thread, NULL);
    s->spawned = false;
    return s->err;
}

void shard_close(struct shard *s)
{
    if (s->tftp)
        tftp_service_close(s->tftp);
}

/* Aborted uploads leave nothing behind, if their helpers get a moment. */
static bool helpers_finish(struct shard *s)
{
    struct pollfd done = { .fd = workers_fd(&s->workers), .events = POLLIN };
    kedge_nanos until = clock_now() + helpers_patience;

    while (workers_pending(&s->workers) > 0 && clock_now() < until) {
        (void)poll(&done, 1, 100);
        (void)workers_collect(&s->workers);
    }
    return workers_pending(&s->workers) == 0;
}

static bool free_files(struct shard *s)
{
    loop_watch_remove(&s->loop, &s->helpers);
    loop_timer_remove(&s->loop, &s->trim);
    loop_timer_remove(&s->loop, &s->relief);
    if (!s->workers_open)
        return true;
    if (s->file_buckets)
        cache_free(&s->files);
    if (!helpers_finish(s))
        return false;
    workers_close(&s->workers);
    return true;
}

bool shard_free(struct shard *s)
{
    if (!free_files(s))
        return false;
    if (s->tftp)
        tftp_service_free(s->tftp);
    directory_free(&s->directory);
    free(s->file_slots);
    free(s->file_buckets);
    loop_hook_remove(&s->loop, &s->hook);
    loop_waker_close(&s->loop, &s->waker);
    loop_close(&s->loop);
    return true;
}
