/* SPDX-License-Identifier: MIT */
/* The event loop on epoll: watches, timers, one turn. */
#include "os/loop.h"

#include "base/number.h"
#include "os/clock.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

kedge_nanos loop_now(const struct loop *l)
{
    return l->now;
}

kedge_nanos loop_last_turn(const struct loop *l)
{
    return l->turn_ns;
}

/* Told once a ring, and to nobody: it only wakes. */
static int open_alarm(int epoll)
{
    struct epoll_event e = { .events = EPOLLIN | EPOLLET };
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    if (fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0)
        return fd;
    close(fd);
    return -1;
}

int loop_open(struct loop *l)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);

    if (fd < 0)
        return -errno;
    *l = (struct loop){ .epoll = fd, .now = clock_now() };
    l->alarm = open_alarm(fd);
    deadlines_init(&l->deadlines, l->heap, l->place, LOOP_TIMERS);
    return 0;
}

void loop_close(struct loop *l)
{
    if (l->alarm >= 0)
        close(l->alarm);
    close(l->epoll);
    l->epoll = -1;
}

/* ---- watches ---- */

static uint32_t to_epoll(unsigned events)
{
    return (events & LOOP_READ ? EPOLLIN : 0u) | (events & LOOP_WRITE ? EPOLLOUT : 0u);
}

static unsigned from_epoll(uint32_t events)
{
    return ((events & EPOLLIN) ? LOOP_READ : 0u) |
           ((events & EPOLLOUT) ? LOOP_WRITE : 0u) |
           ((events & EPOLLERR) ? LOOP_ERROR : 0u) |
           ((events & EPOLLHUP) ? LOOP_HANGUP : 0u);
}

int loop_watch_add(struct loop *l, struct loop_watch *w, int fd, unsigned events)
{
    struct epoll_event e = { .events = to_epoll(events), .data.ptr = w };

    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
        return -errno;
    w->fd = fd;
    w->added = true;
    w->events = events;
    return 0;
}

void loop_watch_change(struct loop *l, struct loop_watch *w, unsigned events)
{
    struct epoll_event e = { .events = to_epoll(events), .data.ptr = w };
    int err;

    if (events == w->events)
        return;
    /* It fails only for a descriptor that was closed under its watch. */
    err = epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &e);
    KEDGE_ASSERT(err == 0);
    w->events = events;
}

void loop_watch_remove(struct loop *l, struct loop_watch *w)
{
    int err;

    if (!w->added)
        return;
    err = epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    KEDGE_ASSERT(err == 0);
    loop_watch_forget(l, w);
}

void loop_watch_forget(struct loop *l, struct loop_watch *w)
{
    w->added = false;
    if (l->again == w)
        l->again = NULL;
    for (unsigned i = l->event; i < l->event_count; i++)
        if (l->events[i].data.ptr == w)
            l->events[i].data.ptr = NULL;
}

void loop_again(struct loop *l, struct loop_watch *w)
{
    KEDGE_ASSERT(w->added);
    l->again = w;
}

/* ---- timers ---- */

int loop_timer_add(struct loop *l, struct loop_timer *t)
{
    for (uint32_t i = 0; i < LOOP_TIMERS; i++) {
        if (l->timers[i])
            continue;
        l->timers[i] = t;
        t->slot = i;
        t->added = true;
        return 0;
    }
    return -ENOSPC;
}

void loop_timer_set(struct loop *l, struct loop_timer *t, kedge_nanos at)
{
    KEDGE_ASSERT(t->added && l->timers[t->slot] == t);
    deadlines_set(&l->deadlines, t->slot, max_u64(at, l->now + 1));
}

void loop_timer_remove(struct loop *l, struct loop_timer *t)
{
    if (!t->added)
        return;
    loop_timer_set(l, t, KEDGE_NEVER);
    l->timers[t->slot] = NULL;
    t->added = false;
}

/* ---- hooks ---- */

void loop_hook_add(struct loop *l, struct loop_hook *h)
{
    h->next = l->hooks;
    l->hooks = h;
}

void loop_hook_remove(struct loop *l, struct loop_hook *h)
{
    for (struct loop_hook **at = &l->hooks; *at; at = &(*at)->next) {
        if (*at != h)
            continue;
        *at = h->next;
        if (l->next_hook == h)
            l->next_hook = h->next;
        return;
    }
}

/* ---- turns ---- */

static struct timespec to_timespec(kedge_nanos t)
{
    return (struct timespec){ .tv_sec = (time_t)(t / KEDGE_SEC),
                              .tv_nsec = (long)(t % KEDGE_SEC) };
}

/* How long the call itself is to wait. The kernel sets a timeout up and takes it down with
 * each call, which is a twentieth of the work of an echo; so one that is far off is left to
 * the alarm, which may ring too early and is then set anew. */
static kedge_nanos wait_of_call(struct loop *l, kedge_nanos now, kedge_nanos wait)
{
    struct itimerspec at = { .it_value = to_timespec(now + wait) };

    if (wait < LOOP_FAR || wait == KEDGE_NEVER || l->alarm < 0)
        return wait;
    if (l->alarm_at > now && l->alarm_at <= now + wait)
        return KEDGE_NEVER;
    if (timerfd_settime(l->alarm, TFD_TIMER_ABSTIME, &at, NULL) < 0)
        return wait;
    l->alarm_at = now + wait;
    return KEDGE_NEVER;
}

static int sleep_coarse(struct loop *l, kedge_nanos wait)
{
    /* Rounded up: waking early would turn in vain until the time has come. */
    kedge_nanos ms = wait / KEDGE_MSEC + (wait % KEDGE_MSEC > 0);
    int timeout = wait == KEDGE_NEVER ? -1 : (int)min_u64(ms, INT32_MAX);

    return epoll_wait(l->epoll, l->events, LOOP_EVENTS, timeout);
}

static int sleep_fine(struct loop *l, kedge_nanos wait)
{
    struct timespec t = to_timespec(wait);

    return epoll_pwait2(l->epoll, l->events, LOOP_EVENTS, wait == KEDGE_NEVER ? NULL : &t,
                        NULL);
}

/* How many events are ready; 0 after an interruption; -errno. */
static int sleep_until_ready(struct loop *l, kedge_nanos wait)
{
    int n = l->coarse ? sleep_coarse(l, wait) : sleep_fine(l, wait);

    /* EPERM: a container's filter older than the call. */
    if (n < 0 && !l->coarse && (errno == ENOSYS || errno == EPERM)) {
        l->coarse = true;
        n = sleep_coarse(l, wait);
    }
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    return n;
}

static void tell_ready(struct loop *l, unsigned count)
{
    l->event_count = count;
    for (l->event = 0; l->event < l->event_count;) {
        struct epoll_event *e = &l->events[l->event++];
        struct loop_watch *w = e->data.ptr;

        if (w)
            w->ready(w->owner, from_epoll(e->events));
    }
    l->event = l->event_count = 0;
}

static void tell_due(struct loop *l)
{
    uint32_t slot;

    while (deadlines_pop(&l->deadlines, l->now, &slot))
        l->timers[slot]->due(l->timers[slot]->owner);
}

static void tell_hooks(struct loop *l)
{
    for (struct loop_hook *h = l->hooks; h; h = l->next_hook) {
        l->next_hook = h->next;
        h->end(h->owner);
    }
    l->next_hook = NULL;
}

/* False where it is the turn of all. */
static bool look_again(struct loop *l, kedge_nanos now)
{
    struct loop_watch *w = l->again;

    l->again = NULL;
    if (!w || l->agains == LOOP_AGAINS) {
        l->agains = 0;
        return false;
    }
    l->agains++;
    l->now = now;
    w->ready(w->owner, LOOP_READ);
    return true;
}

/* What is not ready at `looked` comes later. */
static int turn_loop(struct loop *l, kedge_nanos before, kedge_nanos looked,
                     kedge_nanos max_wait)
{
    kedge_nanos due = deadlines_next(&l->deadlines);
    kedge_nanos wait = due == KEDGE_NEVER ? KEDGE_NEVER : sub_sat(due, before);
    int n;

    l->turn_ns = before - l->now;
    if (!look_again(l, before)) {
        l->looked = looked;
        n = sleep_until_ready(l, wait_of_call(l, before, min_u64(max_wait, wait)));
        if (n < 0)
            return n;
        l->now = clock_now();
        tell_ready(l, (unsigned)n);
    }
    tell_due(l);
    tell_hooks(l);
    return 0;
}

int loop_turn(struct loop *l, kedge_nanos max_wait)
{
    kedge_nanos before = clock_now();

    return turn_loop(l, before, before, max_wait);
}

int loop_fd(const struct loop *l)
{
    return l->epoll;
}

kedge_nanos loop_deadline(const struct loop *l)
{
    return l->again ? 0 : deadlines_next(&l->deadlines);
}

int loop_step(struct loop *l)
{
    kedge_nanos before = clock_now();
    int err;

    l->now = sub_sat(before, l->step_ns);
    err = turn_loop(l, before, l->step_at, 0);
    l->step_at = before;
    l->step_ns = clock_now() - before;
    return err;
}

int loop_run(struct loop *l)
{
    int err = 0;

    l->stopped = false;
    l->now = clock_now(); /* what went on before the first turn is no turn */
    while (!l->stopped && !err)
        err = loop_turn(l, KEDGE_NEVER);
    return err;
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}
