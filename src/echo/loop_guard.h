/* SPDX-License-Identifier: MIT */
/* What an echo may answer. Two services that answer each other never stop, and a forged
 * source address is all it takes to start them; so an echo is silent towards ports that
 * answer by themselves, towards the ports of this house, and where many would answer. A
 * loop through a port that nobody knows is ended by its own sameness: one datagram is in
 * flight, always the same, and dies of one missing answer.
 *
 * Pure: time and bytes come in, a verdict goes out. The memory is bounded and part of the
 * struct: when more loops run at once than it holds, the oldest is forgotten, and found
 * again later. */
#ifndef ECHO_LOOP_GUARD_H
#define ECHO_LOOP_GUARD_H

#include "base/bytes.h"

#define GUARD_SLOTS 4096 /* pairs of a peer and a payload that are watched at once */
#define GUARD_SAME 64    /* identical answers to one peer within ... */
#define GUARD_WINDOW KEDGE_SEC

enum guard_verdict {
    GUARD_ANSWER,
    GUARD_PORT, /* from a port where something answers by itself, or from port 0 */
    GUARD_OWN,  /* from the number of a port that this program listens on */
    GUARD_TO_BROADCAST, /* it was sent to a broadcast or multicast address */
    GUARD_TEXT,         /* it is what this service itself says */
    GUARD_REPLY,        /* it is the answer of a kedge server to a marked probe */
    GUARD_LOOP,         /* the same from the same too often */
    GUARD_VERDICTS
};

struct guard_datagram {
    struct kedge_span peer; /* the bytes that name the sender, its port among them */
    int32_t port;           /* the sender's; -1 where there are none (unix sockets) */
    bool to_broadcast;      /* sent to a broadcast or multicast address */
    struct kedge_span payload;
    uint64_t mark; /* of guard_look(); 0: not looked yet */
};

struct guard_slot {
    uint64_t mark;     /* of peer and payload */
    kedge_nanos start; /* of the window; KEDGE_NEVER: empty */
    uint32_t count;    /* answered in it */
    bool spent;        /* one went unanswered at its start: no other in this window */
};

struct guard {
    uint64_t seed;
    struct kedge_span own_text;
    uint8_t ports[65536 / 8]; /* a bit each: own */
    struct guard_slot slots[GUARD_SLOTS];
    uint64_t counts[GUARD_VERDICTS];
};

/* seed is random, so that nobody outside can choose what shares a slot. own_text is what
 * the service says by itself (a borrowed span that stays); empty for an echo. */
void guard_init(struct guard *g, uint64_t seed, struct kedge_span own_text);

/* A port that this program listens on. */
void guard_own_port(struct guard *g, uint16_t port);

/* The mark of peer and payload. What the verdict will look at is fetched meanwhile: for a
 * batch look at all before the first is checked, as the memory is seldom in the cache. */
uint64_t guard_look(const struct guard *g, const struct guard_datagram *d);

/* The verdict on a datagram, which is counted. GUARD_ANSWER counts as answered. */
KEDGE_MUST_CHECK enum guard_verdict
guard_check(struct guard *g, const struct guard_datagram *d, kedge_nanos now);

/* All that went unanswered. */
uint64_t guard_refused(const struct guard *g);

/* A verdict in a word or two, as the summary says it: "own port". */
const char *guard_word(enum guard_verdict v);

#endif
