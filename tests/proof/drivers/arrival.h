/* SPDX-License-Identifier: MIT */
/* Arbitrary datagrams for a table, and what is to hold of its answer. */
#ifndef PROOF_ARRIVAL_H
#define PROOF_ARRIVAL_H

#include "table.h"

enum { FEW = 3, MANY = 1500 };

/* Of each length up to FEW, in a block of just that; and of any up to MANY, which the
 * functions of the table hand on as they are, or hash. */
#define ANY_DATAGRAM(name)                                                               \
    EACH(name##_case, FEW + 1);                                                          \
    size_t name##_room = name##_case <= FEW ? name##_case : MANY;                        \
    ANY_BYTES(name##_bytes, name##_room);                                                \
    struct kedge_span name = { name##_bytes, name##_room };                              \
    if (name##_case > FEW)                                                               \
    name.len = any_from_to(FEW, MANY)

/* As the table finds it: each place is a case. */
static struct tftp_session *found(const struct tftp_sessions *t, uint32_t listener,
                                  const struct tftp_peer *peer)
{
    struct tftp_session *s = tftp_sessions_find(t, listener, peer);
    size_t place = s ? (size_t)(s - t->all) : SLOTS;

    Frama_C_builtin_split(place, SLOTS + 1);
    return place < SLOTS ? &t->all[place] : NULL;
}

#define tftp_sessions_find found

static inline void event_is_sound(const struct tftp_sessions *t,
                                  const struct tftp_event *out)
{
    //@ assert verdict: TFTP_DROPPED <= out->verdict <= TFTP_PUMP;
    //@ assert reply: out->reply_len <= sizeof(out->reply);
    //@ assert answer: out->verdict == TFTP_ANSWER ==> out->reply_len > 0;
    //@ assert old: out->replaced == \null || \subset(out->replaced, t->all + (0 .. SLOTS - 1));
    /*@ assert one: out->session == \null || \subset(out->session, t->all + (0 .. SLOTS - 1)); */
}

#endif
