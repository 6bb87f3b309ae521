/* What became of each probe of one target. Sends, replies, refusals and time go in;
 * counts and histograms come out. Pure: no socket, no clock.
 *
 * Each probe ends in one of these, so that always
 * sent = received + lost + late + open (account_open):
 *   received  answered within the timeout
 *   late      answered, but after it
 *   lost      not answered; of these, `refused` were told that nobody is there, and
 *             `unsent` never left (no connection, no room in our own queue)
 *   open      still waited for
 * A probe is forgotten after ACCOUNT_MEMORY times as many as are waited for at once; a
 * reply to a forgotten one, or to one that was never sent, is `stray`. */
#ifndef PROBE_STATS_H
#define PROBE_STATS_H

#include "probe/own_lateness.h"
#include "report/histogram.h"

#define ACCOUNT_MEMORY 4
#define ACCOUNT_REORDER 4096 /* later probes looked at, to tell an extent */
#define ACCOUNT_ROOM_MAX ((uint64_t)1 << 20)

enum account_state { PROBE_WAITS, PROBE_ANSWERED, PROBE_LATE, PROBE_LOST };

/* What became of one probe, as it is told to account.settled. A probe that was told to be
 * lost may later be told to be late. */
enum probe_fate { FATE_RECEIVED, FATE_LATE, FATE_LOST, FATE_REFUSED, FATE_UNSENT };

struct account_slot {
    enum account_state state;
    bool reordered, altered; /* its reply */
    bool held_up;            /* this program was late meanwhile: see probe_self.h */
    kedge_nanos intended;
    kedge_nanos sent;
    kedge_nanos rtt;  /* once answered, in time or late */
    uint64_t arrival; /* the how-manieth answer it was */
    uint64_t left_ns; /* when the device got it, and when its answer came, by ... */
    uint64_t came_ns; /* ... the kernel's clock, since 1970; 0: not known */
};

struct account_event {
    uint64_t sequence;
    enum probe_fate fate;
    const struct account_slot *slot; /* valid during the call */
};

struct account {
    struct account_slot *slots; /* room of them, a power of two; the caller's */
    uint64_t room;
    kedge_nanos timeout;
    uint64_t sent; /* and so the sequence number of the next */
    uint64_t received, lost, late;
    uint64_t refused, unsent;                /* parts of lost */
    uint64_t duplicated, reordered, altered; /* replies besides, or parts of received */
    uint64_t stray;
    uint64_t arrivals; /* first answers, in time or late */
    uint64_t
        reorder_extent; /* RFC 4737: the furthest an answer came behind a later one */
    kedge_nanos
        self_until;     /* until when this program itself was late: see probe_self.h */
    uint64_t left_late; /* of those sent: left at least SELF_LATE after their time */
    uint64_t held_up;   /* of those received: this program was late meanwhile */
    uint64_t oldest;    /* no probe before it waits */
    uint64_t highest;   /* of those answered, + 1 */
    uint64_t jitter_sum, jitter_count;
    struct histogram rtt;      /* from the actual send */
    struct histogram intended; /* from the intended one */

    /* Called when it is known what became of a probe; NULL: nobody asks. */
    void (*settled)(void *owner, const struct account_event *event);
    void *owner;
};

/* How many slots a run needs: a power of two, at most ACCOUNT_ROOM_MAX. */
uint64_t account_room(kedge_nanos interval, kedge_nanos timeout);

void account_init(struct account *a, struct account_slot *slots, uint64_t room,
                  kedge_nanos timeout);

/* The histograms; not the slots. */
void account_free(struct account *a);

/* A probe leaves. Its sequence number. */
uint64_t account_send(struct account *a, kedge_nanos intended, kedge_nanos now);

/* That probe could not leave, or was refused: it is lost at once. Nothing if it is not
 * waited for. */
void account_unsent(struct account *a, uint64_t sequence);
void account_refused(struct account *a, uint64_t sequence);

/* The reply that comes now is not what was sent. */
void account_altered(struct account *a, uint64_t sequence);

/* The kernel's times of that probe, before its reply is told. Nothing if it was answered
 * before. */
void account_stamped(struct account *a, uint64_t sequence, uint64_t left_ns,
                     uint64_t came_ns);

/* A reply to that probe. True if it is the first one. */
bool account_reply(struct account *a, uint64_t sequence, kedge_nanos now);

/* The oldest probe that is waited for. False if none is. */
KEDGE_MUST_CHECK bool account_oldest(const struct account *a, uint64_t *sequence);

/* What is known of that probe. NULL if it was never sent, or is forgotten. */
const struct account_slot *account_slot(const struct account *a, uint64_t sequence);

/* When that probe left. False if it was never sent, or is forgotten. */
KEDGE_MUST_CHECK bool account_sent_at(const struct account *a, uint64_t sequence,
                                      kedge_nanos *out);

/* A 16-bit number of a probe as a whole one: the nearest not after the last sent. */
uint64_t account_unwrap(const struct account *a, uint16_t low);

/* All whose time is over by `now` are lost. */
void account_expire(struct account *a, kedge_nanos now);

/* The connection is gone, and with it all that were waited for. */
void account_drop(struct account *a);

/* When account_expire has something to do; KEDGE_NEVER if nothing is waited for. */
kedge_nanos account_deadline(const struct account *a);

uint64_t account_open(const struct account *a);

/* The mean difference between the round trips of neighbours (RFC 3393). False without a
 * pair of neighbours. */
KEDGE_MUST_CHECK bool account_jitter(const struct account *a, kedge_nanos *out);

#endif
