/* SPDX-License-Identifier: MIT */
/* What became of each probe of one target. Sends, replies, refusals and time go in;
 * counts and histograms come out. Pure: no socket, no clock.
 *
 * Each probe ends in one of these, so that always
 * sent = received + lost + late + open (probe_stats_open):
 *   received  answered within the timeout
 *   late      answered, but after it
 *   lost      not answered; of these, `refused` were told that nobody is there, and
 *             `unsent` never left (no connection, no room in our own queue)
 *   open      still waited for
 * A probe is forgotten after PROBE_STATS_MEMORY times as many as are waited for at once; a
 * reply to a forgotten one, or to one that was never sent, is `stray`. */
#ifndef PROBE_STATS_H
#define PROBE_STATS_H

#include "probe/own_lateness.h"
#include "report/histogram.h"

#define PROBE_STATS_MEMORY 4
#define PROBE_STATS_REORDER 4096 /* later probes looked at, to tell an extent */
#define PROBE_STATS_ROOM_MAX ((uint64_t)1 << 20)

enum probe_stats_state { PROBE_WAITS, PROBE_ANSWERED, PROBE_LATE, PROBE_LOST };

/* What became of one probe, as it is told to account.settled. A probe that was told to be
 * lost may later be told to be late. */
enum probe_fate { FATE_RECEIVED, FATE_LATE, FATE_LOST, FATE_REFUSED, FATE_UNSENT };

struct probe_stats_slot {
    enum probe_stats_state state;
    bool reordered, corrupted; /* its reply */
    bool held_up;              /* this program was late meanwhile: see own_lateness.h */
    kedge_nanos intended;
    kedge_nanos sent;
    kedge_nanos rtt;  /* once answered, in time or late */
    uint64_t arrival; /* the how-manieth answer it was */
    uint64_t left_ns; /* when the device got it, and when its answer came, by ... */
    uint64_t came_ns; /* ... the kernel's clock, since 1970; 0: not known */
};

struct probe_stats_event {
    uint64_t sequence;
    enum probe_fate fate;
    const struct probe_stats_slot *slot; /* valid during the call */
};

struct probe_stats {
    struct probe_stats_slot *slots; /* room of them, a power of two; the caller's */
    uint64_t room;
    kedge_nanos timeout;
    uint64_t sent; /* and so the sequence number of the next */
    uint64_t received, lost, late;
    uint64_t refused, unsent;                  /* parts of lost */
    uint64_t duplicated, reordered, corrupted; /* replies besides, or parts of received */
    uint64_t stray;
    kedge_nanos fastest; /* the shortest round trip, late ones too; 0: no answer yet */
    uint64_t arrivals;   /* first answers, in time or late */
    uint64_t
        reorder_extent; /* RFC 4737: the furthest an answer came behind a later one */
    kedge_nanos
        self_until;     /* until when this program itself was late: see own_lateness.h */
    uint64_t left_late; /* of those sent: left at least SELF_LATE after their time */
    uint64_t held_up;   /* of those received: this program was late meanwhile */
    uint64_t oldest;    /* no probe before it waits */
    uint64_t highest;   /* of those answered, + 1 */
    uint64_t jitter_sum, jitter_count;
    struct histogram rtt;      /* from the actual send */
    struct histogram intended; /* from the intended one */

    /* Called when it is known what became of a probe; NULL: nobody asks. */
    void (*settled)(void *owner, const struct probe_stats_event *event);
    void *owner;
};

/* How many slots a run needs: a power of two, at most PROBE_STATS_ROOM_MAX. */
uint64_t probe_stats_room(kedge_nanos interval, kedge_nanos timeout);

void probe_stats_init(struct probe_stats *a, struct probe_stats_slot *slots,
                      uint64_t room, kedge_nanos timeout);

/* The histograms; not the slots. */
void probe_stats_free(struct probe_stats *a);

/* A probe leaves. Its sequence number. */
uint64_t probe_stats_send(struct probe_stats *a, kedge_nanos intended, kedge_nanos now);

/* That probe could not leave, or was refused: it is lost at once. Nothing if it is not
 * waited for. */
void probe_stats_unsent(struct probe_stats *a, uint64_t sequence);
void probe_stats_refused(struct probe_stats *a, uint64_t sequence);

/* The reply that comes now is not what was sent. */
void probe_stats_corrupted(struct probe_stats *a, uint64_t sequence);

/* The kernel's times of that probe, before its reply is told. Nothing if it was answered
 * before. */
void probe_stats_stamped(struct probe_stats *a, uint64_t sequence, uint64_t left_ns,
                         uint64_t came_ns);

/* A reply to that probe. True if it is the first one. */
bool probe_stats_reply(struct probe_stats *a, uint64_t sequence, kedge_nanos now);

/* The oldest probe that is waited for. False if none is. */
KEDGE_MUST_CHECK bool probe_stats_oldest(const struct probe_stats *a, uint64_t *sequence);

/* What is known of that probe. NULL if it was never sent, or is forgotten. */
const struct probe_stats_slot *probe_stats_slot(const struct probe_stats *a,
                                                uint64_t sequence);

/* When that probe left. False if it was never sent, or is forgotten. */
KEDGE_MUST_CHECK bool probe_stats_sent_at(const struct probe_stats *a, uint64_t sequence,
                                          kedge_nanos *out);

/* A 16-bit number of a probe as a whole one: the nearest not after the last sent. */
uint64_t probe_stats_unwrap(const struct probe_stats *a, uint16_t low);

/* All whose time is over by `now` are lost. */
void probe_stats_expire(struct probe_stats *a, kedge_nanos now);

/* The connection is gone, and with it all that were waited for. */
void probe_stats_drop(struct probe_stats *a);

/* When probe_stats_expire has something to do; KEDGE_NEVER if nothing is waited for. */
kedge_nanos probe_stats_deadline(const struct probe_stats *a);

uint64_t probe_stats_open(const struct probe_stats *a);

/* The mean difference between the round trips of neighbours (RFC 3393). False without a
 * pair of neighbours. */
KEDGE_MUST_CHECK bool probe_stats_jitter(const struct probe_stats *a, kedge_nanos *out);

#endif
