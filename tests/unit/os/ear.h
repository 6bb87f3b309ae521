/* SPDX-License-Identifier: MIT */
/* Watches for the tests of the loop, and a turn of it. */
#ifndef TESTS_UNIT_OS_EAR_H
#define TESTS_UNIT_OS_EAR_H

#include "os/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <unistd.h>

/* A pipe whose reading end is watched, and what its watch was told. */
struct ear {
    struct loop *loop;
    struct loop_watch watch;
    struct ear *kill; /* removed by this one's callback */
    int in, out;
    int calls;
    unsigned events;
};

static inline void hear(void *owner, unsigned events)
{
    struct ear *e = owner;
    char byte;

    e->calls++;
    e->events = events;
    if (e->kill)
        loop_watch_remove(e->loop, &e->kill->watch);
    if (e->watch.added && events & LOOP_READ)
        assert_int_equal(read(e->in, &byte, 1), 1);
}

static inline void ear_open(struct ear *e, struct loop *l)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    *e = (struct ear){ .loop = l, .in = ends[0], .out = ends[1] };
    e->watch = (struct loop_watch){ .ready = hear, .owner = e };
    assert_int_equal(loop_watch_add(l, &e->watch, e->in, LOOP_READ), 0);
}

static inline void ear_close(struct ear *e)
{
    loop_watch_remove(e->loop, &e->watch);
    close(e->in);
    close(e->out);
}

static inline void shout(struct ear *e)
{
    assert_int_equal(write(e->out, "x", 1), 1);
}

static inline void turn(struct loop *l)
{
    assert_int_equal(loop_turn(l, 0), 0);
}

#endif
