/* SPDX-License-Identifier: MIT */
/* Tells the service manager, by a timer on the first shard's loop. */
#include "cmd/serve_notify.h"

#include "base/number.h"
#include "os/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { OWES_RELOADING = 1, OWES_READY = 2, OWES_STOPPING = 4 };

static const kedge_nanos status_every = KEDGE_SEC;
static const kedge_nanos look_soon = 20 * KEDGE_MSEC;

static struct loop *loop_of(const struct serve_notify *n)
{
    return &n->about.shards[0].loop;
}

/* A state is told once. Only a full queue is worth a second try. */
static void pay(struct serve_notify *n, unsigned what, const char *lines)
{
    if ((n->owed & what) && notify_send(&n->manager, lines) != -EAGAIN)
        n->owed &= ~what;
}

/* In the order in which a manager expects them; the later ones wait for the earlier. */
static void pay_all(struct serve_notify *n)
{
    char reloading[64];

    snprintf(reloading, sizeof reloading, "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)(clock_now() / KEDGE_USEC));
    pay(n, OWES_RELOADING, reloading);
    if (!(n->owed & OWES_RELOADING))
        pay(n, OWES_READY, "READY=1");
    if (!(n->owed & (OWES_RELOADING | OWES_READY)))
        pay(n, OWES_STOPPING, "STOPPING=1");
}

static void look_at_reload(struct serve_notify *n)
{
    bool goes_on =
        n->about.is_reloading && n->about.is_reloading(n->about.reloading_owner);

    if (!n->reloading || goes_on)
        return;
    n->reloading = false;
    n->owed |= OWES_READY;
}

/* True if every shard has turned since it was asked; then *sum is of all. */
static bool all_answered(const struct serve_notify *n, struct shard_state *sum)
{
    *sum = (struct shard_state){ 0 };
    for (unsigned i = 0; i < n->about.shard_count; i++) {
        struct shard_state one;

        if (!shard_answered(&n->about.shards[i], &one))
            return false;
        sum->running += one.running;
        sum->done += one.done;
        sum->failed += one.failed;
    }
    return true;
}

static void tell_status(struct serve_notify *n)
{
    char status[SERVE_STATUS];

    if (!n->about.tftp)
        return;
    snprintf(status, sizeof status,
             "STATUS=%llu transfers running, %llu done, %llu failed or refused",
             (unsigned long long)n->sum.running, (unsigned long long)n->sum.done,
             (unsigned long long)n->sum.failed);
    if (strcmp(status, n->status) != 0 && notify_send(&n->manager, status) == 0)
        memcpy(n->status, status, sizeof status);
}

static void feed_watchdog(struct serve_notify *n, kedge_nanos now)
{
    if (now >= n->ping_at && notify_send(&n->manager, "WATCHDOG=1") != -EAGAIN)
        n->ping_at = now + n->manager.watchdog / 2;
}

static void ask_all(struct serve_notify *n)
{
    for (unsigned i = 0; i < n->about.shard_count; i++)
        shard_ask(&n->about.shards[i]);
}

static void notify_due(void *owner)
{
    struct serve_notify *n = owner;
    kedge_nanos now = loop_now(loop_of(n));
    bool answered = all_answered(n, &n->sum);
    kedge_nanos wait;

    look_at_reload(n);
    pay_all(n);
    if (answered) {
        tell_status(n);
        feed_watchdog(n, now);
        ask_all(n);
    }
    wait = min_u64(status_every, sub_sat(n->ping_at, now));
    if (n->owed || n->reloading || !answered)
        wait = look_soon;
    loop_timer_set(loop_of(n), &n->timer, now + wait);
}

bool serve_notify_open(struct serve_notify *n, int *err)
{
    *n = (struct serve_notify){ .timer = { .due = notify_due, .owner = n } };
    *err = notify_open(&n->manager);
    return *err == 0;
}

bool serve_notify_has_manager(const struct serve_notify *n)
{
    return n->manager.fd >= 0;
}

bool serve_notify_is_abstract(const struct serve_notify *n)
{
    return serve_notify_has_manager(n) && n->manager.to.sun_path[0] == 0;
}

static void owe(struct serve_notify *n, unsigned what)
{
    if (!n->timer.added)
        return;
    n->owed |= what;
    pay_all(n);
    loop_timer_set(loop_of(n), &n->timer, loop_now(loop_of(n)) + look_soon);
}

int serve_notify_ready(struct serve_notify *n, const struct serve_notify_about *about)
{
    int err;

    n->about = *about;
    if (!serve_notify_has_manager(n))
        return 0;
    err = loop_timer_add(loop_of(n), &n->timer);
    if (err < 0)
        return err;
    n->ping_at = n->manager.watchdog == KEDGE_NEVER ? KEDGE_NEVER : 0;
    owe(n, OWES_READY);
    return 0;
}

void serve_notify_reloading(struct serve_notify *n)
{
    n->reloading = n->timer.added;
    owe(n, OWES_RELOADING);
}

void serve_notify_stopping(struct serve_notify *n)
{
    owe(n, OWES_STOPPING);
}

void serve_notify_close(struct serve_notify *n)
{
    if (n->timer.added)
        loop_timer_remove(loop_of(n), &n->timer);
    notify_close(&n->manager);
}
