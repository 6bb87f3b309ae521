/* SPDX-License-Identifier: MIT */
/* Readiness and deadlines on epoll, for one thread. It knows no protocol and no socket
 * option: its owners watch descriptors, set timers, and are called back. All structs
 * belong to the caller and must stay where they are while they are added; nothing is
 * allocated. A callback may add, change, remove (and then free) any watch or timer, its
 * own too: what was removed is not called again, not even for what was already ready.
 *
 * Only loop_waker_wake() may be called from another thread (or from a signal handler). */
#ifndef OS_LOOP_H
#define OS_LOOP_H

#include "base/deadlines.h"

#include <signal.h>
#include <sys/epoll.h>

#define LOOP_EVENTS 256            /* taken from the kernel in one turn */
#define LOOP_FAR (10 * KEDGE_MSEC) /* a sleep that is longer is ended by a timer */
#define LOOP_AGAINS 32
#define LOOP_TIMERS 256 /* at once; who needs more keeps a heap behind one timer */

/* What a watch waits for, and what its callback is told. */
enum loop_event {
    LOOP_READ = 1,
    LOOP_WRITE = 2,
    LOOP_ERROR = 4,  /* told unasked: an error, or something in the error queue */
    LOOP_HANGUP = 8, /* told unasked: both directions are over */
};

struct loop_watch {
    int fd; /* set by loop_watch_add */
    bool added;
    unsigned events; /* LOOP_READ, LOOP_WRITE; 0 is a pause (errors are still told) */
    void (*ready)(void *owner, unsigned events); /* level-triggered */
    void *owner;
};

struct loop_timer {
    void (*due)(void *owner); /* once a setting; it may set itself again */
    void *owner;
    uint32_t slot; /* of the loop */
    bool added;
};

/* Called at the end of each turn, before the loop sleeps: where the answers of one turn
 * leave together. */
struct loop_hook {
    void (*end)(void *owner);
    void *owner;
    struct loop_hook *next;
};

struct loop {
    int epoll;
    bool stopped;
    int alarm;            /* a timerfd; -1: there is none here */
    kedge_nanos alarm_at; /* when it rings, or has rung */
    bool coarse;          /* no epoll_pwait2 here: it sleeps in whole milliseconds */
    kedge_nanos now;      /* read once a turn, when it wakes: see loop_now() */
    kedge_nanos looked;   /* what was not ready then, has come since */
    kedge_nanos turn_ns;  /* how long the last turn's work took, sleep left out */
    kedge_nanos step_at;  /* when the last loop_step() looked, */
    kedge_nanos step_ns;  /* and how long it took */
    struct loop_hook *hooks, *next_hook;
    struct loop_watch *again; /* see loop_again() */
    unsigned agains;          /* turns in a row that asked only it */
    struct epoll_event events[LOOP_EVENTS];
    unsigned event, event_count;
    struct deadlines deadlines;
    struct deadline_entry heap[LOOP_TIMERS];
    uint32_t place[LOOP_TIMERS];
    struct loop_timer *timers[LOOP_TIMERS];
};

/* 0 or -errno (EMFILE, ENFILE, ENOMEM). Removes nothing at close: watches are the
 * owners', who remove them first. */
KEDGE_MUST_CHECK int loop_open(struct loop *l);
void loop_close(struct loop *l);

/* The time when this turn began; all of one turn see the same. */
kedge_nanos loop_now(const struct loop *l);

/* How long the work of the turn before this one took, its sleep left out. */
kedge_nanos loop_last_turn(const struct loop *l);

/* Turns until loop_stop(). 0, or -errno if epoll itself fails. */
KEDGE_MUST_CHECK int loop_run(struct loop *l);

/* One turn: sleep until something is ready or due, at most max_wait (0: do not sleep;
 * KEDGE_NEVER), call back all that is, then the hooks. 0 or -errno. */
KEDGE_MUST_CHECK int loop_turn(struct loop *l, kedge_nanos max_wait);

/* The same for a loop inside another one, which waits for loop_fd() to be readable, until
 * loop_deadline() at most, and then has a step done, which does not wait. What went on
 * between two steps was not this loop's work, and what is ready came since the last one. */
int loop_fd(const struct loop *l);
kedge_nanos loop_deadline(const struct loop *l); /* 0: now; KEDGE_NEVER */
KEDGE_MUST_CHECK int loop_step(struct loop *l);

/* Ends loop_run after the present turn. For the loop's own thread. */
void loop_stop(struct loop *l);

/* Watch w->fd := fd; ready and owner are set by the caller before. The descriptor stays
 * the caller's. 0 or -errno (EEXIST, ENOMEM, ENOSPC; EPERM: a regular file). */
KEDGE_MUST_CHECK int loop_watch_add(struct loop *l, struct loop_watch *w, int fd,
                                    unsigned events);
/* Wait for other events. No system call when they are the same as before. */
void loop_watch_change(struct loop *l, struct loop_watch *w, unsigned events);
/* The next turn does not sleep, nor ask the kernel what is ready: it calls this one watch,
 * as if it were to be read. For an owner who expects an answer at once, and finds out by a
 * read of its own, which costs less than to be told. After LOOP_AGAINS such turns in a row
 * the others have theirs. */
void loop_again(struct loop *l, struct loop_watch *w);
/* Before its descriptor is closed. A watch that is not added is left alone. */
void loop_watch_remove(struct loop *l, struct loop_watch *w);
/* The same for one whose descriptor is closed next, which removes it from the kernel's
 * list: a system call less. Not for one that has a duplicate. */
void loop_watch_forget(struct loop *l, struct loop_watch *w);

/* due and owner are set by the caller before. 0, or -ENOSPC with LOOP_TIMERS in use. */
KEDGE_MUST_CHECK int loop_timer_add(struct loop *l, struct loop_timer *t);
/* Due at `at` in place of what it had; KEDGE_NEVER: not at all. One that is set during a
 * turn to a time not after it is due in the next. */
void loop_timer_set(struct loop *l, struct loop_timer *t, kedge_nanos at);
void loop_timer_remove(struct loop *l, struct loop_timer *t);

void loop_hook_add(struct loop *l, struct loop_hook *h);
void loop_hook_remove(struct loop *l, struct loop_hook *h);

/* How another thread calls the loop. Many wakes before the loop's next turn are one call
 * of `woken`; none is lost. */
struct loop_waker {
    struct loop_watch watch;
    void (*woken)(void *owner);
    void *owner;
};

/* woken and owner are set by the caller before. 0 or -errno. */
KEDGE_MUST_CHECK int loop_waker_open(struct loop *l, struct loop_waker *w);
void loop_waker_wake(const struct loop_waker *w);
void loop_waker_close(struct loop *l, struct loop_waker *w);

/* Signals as events. They are blocked in this thread (and in threads it starts later)
 * until close, which restores the mask. */
struct loop_signals {
    struct loop_watch watch;
    sigset_t before;
    void (*caught)(void *owner, int signal);
    void *owner;
};

/* caught and owner are set by the caller before. 0 or -errno. */
KEDGE_MUST_CHECK int loop_signals_open(struct loop *l, struct loop_signals *s,
                                       const sigset_t *which);
void loop_signals_close(struct loop *l, struct loop_signals *s);
/* The signals that ask a program to stop: SIGINT, SIGTERM, and SIGHUP (its terminal is
 * gone), unless that one is ignored, as nohup has it. */
void loop_signals_stop(sigset_t *out);

#endif
