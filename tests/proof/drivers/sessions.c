/* SPDX-License-Identifier: MIT */
/* The proof of src/tftp/sessions.c. */
/* With: base/bytes.c base/number.c base/deadlines.c tftp/block.c tftp/rtt.c
 *       tftp/bursts.c tftp/pace.c tftp/sender.c tftp/receiver.c
 *       tftp/machine.c tftp/admission.c */
#include "table.h"

#include "tftp/port_memory.h"

/* What it notes of the way to the peer: port_memory.ended has it, of any table. */
static void ended(struct tftp_sessions *t, struct tftp_session *s,
                  enum kedge_tftp_outcome outcome)
{
    s->accounted = any_bool();
}

#define port_memory_ended ended

#include "tftp/sessions.c"

#include "tftp/table.c"

void prove_hash(void)
{
    ANY_SPAN(bytes, 20);

    (void)hash_bytes(any_u64(), bytes);
}

/* Shows: session_validated, session_advanced. */
void prove_outcome(void)
{
    struct tftp_session s = { .outcome = any_outcome() };

    s.state = any_from_to(TFTP_FREE, TFTP_LIVE);
    s.granted.has = (unsigned)any_u64();
    any_live(&s);
    (void)session_validated(&s);
    (void)session_advanced(&s);
    (void)tftp_session_outcome(&s);
}

/* Slevel: 10000. */
void prove_power_of_two(void)
{
    uint64_t least = any_u64();
    uint32_t n = power_of_two(least);

    //@ assert power: n >= 16 && (n & (n - 1)) == 0;
    //@ assert enough: n >= least || n == (uint32_t)1 << 31;
}

enum { ROOM_MAX = 16 }; /* from here on the buckets are twice as many */

static bool aligned(const void *part, const void *memory, size_t to)
{
    return ((const char *)part - (const char *)memory) % to == 0;
}

/* Of memory as long as is said, each part is within, its own, and as a table begins. */
static void parts_are_apart(const struct tftp_sessions *t, const uint8_t *memory,
                            size_t len)
{
    uint32_t slots = t->limits.room + TFTP_SPARE;
    const struct deadlines *d = &t->deadlines;

    //@ assert ended: (uint8_t *)(t->all + slots) <= (uint8_t *)t->ended;
    //@ assert reach: (uint8_t *)(t->ended + t->past) <= (uint8_t *)t->reach;
    //@ assert heap: (uint8_t *)(t->reach + t->past) <= (uint8_t *)d->heap;
    //@ assert network: (uint8_t *)(d->heap + slots) <= (uint8_t *)t->network;
    //@ assert bucket: (uint8_t *)(t->network + t->past) <= (uint8_t *)t->bucket;
    //@ assert place: (uint8_t *)(t->bucket + t->mask + 1) <= (uint8_t *)d->place;
    //@ assert all: (uint8_t *)(d->place + slots) == memory + len;
    //@ assert enough: t->past >= slots && t->mask + 1 >= slots;
    KEDGE_ASSERT(aligned(t->all, memory, __alignof__(struct tftp_session)));
    KEDGE_ASSERT(aligned(t->ended, memory, __alignof__(struct tftp_ended)));
    KEDGE_ASSERT(aligned(t->reach, memory, __alignof__(struct tftp_reach)));
    KEDGE_ASSERT(aligned(d->heap, memory, __alignof__(struct deadline_entry)));
    KEDGE_ASSERT(aligned(t->network, memory, __alignof__(struct tftp_network)));
    KEDGE_ASSERT(aligned(t->bucket, memory, __alignof__(uint32_t)));
    KEDGE_ASSERT(aligned(d->place, memory, __alignof__(uint32_t)));
}

void prove_init(void)
{
    struct tftp_sessions t;
    struct tftp_limits limits;
    EACH(room, ROOM_MAX);

    Frama_C_make_unknown((char *)&limits, sizeof limits);
    limits.single_port = any_bool();
    limits.auto_port = any_bool();
    limits.room = (uint32_t)room;
    size_t len = tftp_sessions_memory(&limits);
    uint8_t *memory = calloc(1, len);
    tftp_sessions_init(&t, &limits, memory);
    parts_are_apart(&t, memory, len);
    //@ assert none: t.free == 0 && t.fresh == 0 && t.used == 0;
    //@ assert queues: t.unvalidated.oldest == 0 && t.unvalidated.newest == 0;
    //@ assert queues: t.ready.oldest == 0 && t.ready.newest == 0;
}

/* Of any room: no more is claimed than that its length is without undefined behaviour. */
void prove_memory(void)
{
    struct tftp_limits limits;

    Frama_C_make_unknown((char *)&limits, sizeof limits);
    (void)tftp_sessions_memory(&limits);
}

void prove_find(void)
{
    struct tftp_sessions t;
    struct tftp_peer peer = any_peer();
    const struct tftp_session *s;
    const struct tftp_ended *ended;

    any_table(&t);
    s = tftp_sessions_find(&t, (uint32_t)any_u64(), &peer);
    //@ assert of_the_table: s == \null || \subset(s, t.all + (0 .. SLOTS - 1));
    ended = table_ended(&t, (uint32_t)any_u64(), &peer);
    //@ assert of_the_past: ended == \null || \subset(ended, t.ended + (0 .. PAST - 1));
    (void)tftp_sessions_deadline(&t);
}

void prove_add(void)
{
    struct tftp_sessions t;
    struct tftp_peer peer = any_peer();
    struct tftp_session *s;

    any_table(&t);
    (void)table_has_slot(&t);
    s = table_add(&t, (uint32_t)any_u64(), &peer);
    //@ assert of_the_table: s == \null || \subset(s, t.all + (0 .. SLOTS - 1));
    //@ slevel merge;
    each_link_is_a_place(&t);
}

void prove_remember(void)
{
    struct tftp_sessions t;
    struct kedge_span none = { NULL, 0 };
    struct tftp_arrival in = any_arrival(none);

    any_table(&t);
    ANY_SESSION_OF(t, s);
    table_remember(&t, s, any_u64());
    (void)table_tell(&t, &in, any_u64());
    table_unlink(&t, s);
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: deadlines_set. */
void prove_settle(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    any_live(s);
    tftp_sessions_settle(&t, s);
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: deadlines_pop, deadlines_set. */
void prove_due(void)
{
    struct tftp_sessions t;
    const struct tftp_session *s;

    any_table(&t);
    s = tftp_sessions_due(&t, any_u64());
    //@ assert of_the_table: s == \null || \subset(s, t.all + (0 .. SLOTS - 1));
    //@ slevel merge;
    each_link_is_a_place(&t);
}

/* Spec: deadlines_set. */
void prove_release(void)
{
    struct tftp_sessions t;

    any_table(&t);
    ANY_SESSION_OF(t, s);
    s->state = any_from_to(TFTP_WAITING, TFTP_LIVE);
    tftp_sessions_release(&t, s, any_u64());
    //@ slevel merge;
    each_link_is_a_place(&t);
}
