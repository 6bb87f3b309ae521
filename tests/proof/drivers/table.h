/* SPDX-License-Identifier: MIT */
/* Arbitrary states of the table of sessions: any times, counts, flags and peers, and every
 * link any place of the table or none. Of the lists' shape nothing is supposed, so that
 * nothing has to be shown of it: they may share places, break off and go in circles.
 *
 * each_link_is_a_place() shows that a function leaves it so; the analysis joins its cases before
 * (slevel merge), as each field is looked at alone. Each part of the table is a
 * block of its own: an access past its end is seen. */
#ifndef PROOF_TABLE_H
#define PROOF_TABLE_H

#include "contracts.h"
#include "machine.h"
#include "tftp/table.h"

enum { SLOTS = 5, BUCKETS = 4, PAST = 2, ROOM = SLOTS - TFTP_SPARE };

/*@ requires session: \valid_read(s);
  @ assigns \result \from *s;
  @ ensures truth: \result == 0 || \result == 1; */
bool session_validated(const struct tftp_session *s);

/*@ requires session: \valid_read(s);
  @ assigns \result \from *s;
  @ ensures truth: \result == 0 || \result == 1; */
bool session_advanced(const struct tftp_session *s);

static inline uint32_t any_link(void)
{
    return (uint32_t)any_from_to(0, SLOTS);
}

static inline struct tftp_queue any_queue(void)
{
    struct tftp_queue q = { any_link(), any_link() };

    return q;
}

static inline struct kedge_tftp_options any_bounded(void)
{
    struct kedge_tftp_options o;

    Frama_C_make_unknown((char *)&o, sizeof o);
    o.blksize = (uint32_t)any_from_to(0, KEDGE_TFTP_BLKSIZE_MAX);
    o.windowsize = (uint32_t)any_from_to(0, KEDGE_TFTP_WINDOW_MAX);
    o.rollover = (uint32_t)any_below(2);
    return o;
}

/* Its machine is any bytes, of which the table's functions read numbers only, and for the
 * rest take session_validated() by its contract. What needs more: any_live(). */
static inline void any_session(struct tftp_session *s)
{
    Frama_C_make_unknown((char *)s, sizeof *s);
    s->state = any_from_to(TFTP_FREE, TFTP_LIVE);
    s->op = (enum kedge_tftp_op)any_from_to(KEDGE_TFTP_RRQ, KEDGE_TFTP_WRQ);
    s->mode = (enum kedge_tftp_mode)any_from_to(0, KEDGE_TFTP_OTHER_MODE);
    s->asked = any_bounded();
    s->machine.sends = any_bool();
    s->outcome = any_outcome();
    s->next = any_link();
    s->older = any_link();
    s->newer = any_link();
    s->from = any_from_to(TFTP_FROM_DATA, TFTP_FROM_REQUEST);
    s->heard = any_bool();
    s->attached = any_bool();
    s->slowed = any_bool();
    s->accounted = any_bool();
    s->linked = any_bool();
    s->charged = any_bool();
    s->moved = any_bool();
    s->barred = any_bool();
    s->displaced = any_bool();
}

/* In any state, with a machine that is what its state says. */
static inline void any_live(struct tftp_session *s)
{
    EACH(sends, 1);

    s->machine.sends = sends;
    if (sends)
        any_sender(&s->machine.sender);
    else
        any_receiver(&s->machine.receiver);
}

/* The deadlines are not looked into but by their own functions, which are taken by their
 * contracts: drivers/deadlines.c shows them for each state of its own. */
static inline void any_table(struct tftp_sessions *t)
{
    Frama_C_make_unknown((char *)t, sizeof *t);
    t->limits.room = ROOM;
    t->limits.sockets = (uint32_t)any_from_to(1, UINT32_MAX);
    t->limits.single_port = any_bool();
    t->limits.auto_port = any_bool();
    t->free = any_link();
    t->fresh = any_link();
    t->unvalidated = any_queue();
    t->ready = any_queue();

    t->all = malloc(SLOTS * sizeof *t->all);
    for (int i = 0; i < SLOTS; i++)
        any_session(&t->all[i]);
    t->mask = BUCKETS - 1;
    t->bucket = malloc(BUCKETS * sizeof *t->bucket);
    for (int i = 0; i < BUCKETS; i++)
        t->bucket[i] = any_link();
    t->past = PAST;
    t->ended = malloc(PAST * sizeof *t->ended);
    Frama_C_make_unknown((char *)t->ended, PAST * sizeof *t->ended);
    t->reach = malloc(PAST * sizeof *t->reach);
    Frama_C_make_unknown((char *)t->reach, PAST * sizeof *t->reach);
    for (int i = 0; i < PAST; i++)
        t->reach[i].sized = any_bool();
    t->network = malloc(PAST * sizeof *t->network);
    for (int i = 0; i < PAST; i++)
        t->network[i] = (struct tftp_network){ (uint32_t)any_u64(), (uint32_t)any_u64(),
                                               (uint32_t)any_u64(), any_queue() };
    t->deadlines.room = SLOTS;
    t->deadlines.heap = malloc(SLOTS * sizeof *t->deadlines.heap);
    Frama_C_make_unknown((char *)t->deadlines.heap, SLOTS * sizeof *t->deadlines.heap);
    t->deadlines.place = malloc(SLOTS * sizeof *t->deadlines.place);
    Frama_C_make_unknown((char *)t->deadlines.place, SLOTS * sizeof *t->deadlines.place);
}

/* A session of the table, each a case. */
#define ANY_SESSION_OF(t, name)                                                          \
    EACH(name##_number, SLOTS - 1);                                                      \
    struct tftp_session *name = &(t).all[name##_number]

static inline struct tftp_peer any_peer(void)
{
    struct tftp_peer peer;

    Frama_C_make_unknown((char *)&peer, sizeof peer);
    return peer;
}

/* A request, with `bytes` of it. */
static inline struct tftp_arrival any_arrival(struct kedge_span bytes)
{
    struct tftp_arrival in;

    Frama_C_make_unknown((char *)&in, sizeof in);
    in.to_broadcast = any_bool();
    in.bytes = bytes;
    return in;
}

static inline void queue_is_sound(const struct tftp_queue *q)
{
    //@ assert oldest: q->oldest <= SLOTS;
    //@ assert newest: q->newest <= SLOTS;
}

static inline void session_is_sound(const struct tftp_session *s)
{
    //@ assert next: s->next <= SLOTS;
    //@ assert older: s->older <= SLOTS;
    //@ assert newer: s->newer <= SLOTS;
    //@ assert state: s->state <= TFTP_LIVE;
    //@ assert asked: bounded(&s->asked);
    //@ assert from: s->from <= TFTP_FROM_REQUEST;
    //@ assert heard: s->heard <= 1;
    //@ assert linked: s->linked <= 1;
    //@ assert charged: s->charged <= 1;
    //@ assert sends: s->machine.sends <= 1;
}

static inline void each_link_is_a_place(const struct tftp_sessions *t)
{
    //@ assert free: t->free <= SLOTS;
    //@ assert fresh: t->fresh <= SLOTS;
    //@ assert bounds: t->limits.room == ROOM && t->mask == BUCKETS - 1 && t->past == PAST;
    //@ assert deadlines: t->deadlines.room == SLOTS;
    queue_is_sound(&t->unvalidated);
    queue_is_sound(&t->ready);
    for (int i = 0; i < SLOTS; i++)
        session_is_sound(&t->all[i]);
    for (int i = 0; i < BUCKETS; i++)
        //@ assert bucket: t->bucket[i] <= SLOTS;
        ;
    for (int i = 0; i < PAST; i++)
        queue_is_sound(&t->network[i].waiting);
}

#endif
