/* SPDX-License-Identifier: MIT */
/* The pace of a window, measured from ACKs. */
#include "tftp/pace.h"

#include "base/number.h"
#include "tftp/bursts.h"

enum {
    SPACED_MOST = 64, /* blocks a timeout, at least: a larger window's share is nothing */
    RUN_STUCK = 4,    /* blocks between two losses: fewer, and copies fill the queues */
    RUN_SHORT = 8,
    BUSY_PART = 16,  /* of it is forgotten each time */
    BEHIND_PART = 4, /* of a train's time that its start may have been kept waiting */
    EXCESS = 8,      /* blocks more than before that may wait in a queue on the way */
    PART_MAX = 16,
    CAREFUL = 64,
    QUEUED_PART = 8,
    QUEUED_MIN = 8, /* blocks, where a queue on the way is full */
};

static const kedge_nanos spacing_min = 20 * KEDGE_USEC; /* less is not worth a timer */
static const kedge_nanos link_min = 5 * KEDGE_USEC;     /* less is only noise */
static const kedge_nanos pause_max = KEDGE_SEC;
static const kedge_nanos busy_min = 2 * KEDGE_MSEC; /* less is the grain of timers */
static const kedge_nanos busy_max = 100 * KEDGE_MSEC;
static const kedge_nanos busy_lasts = 10 * KEDGE_SEC; /* after its last late timer */

void pace_init(struct kedge_tftp_sender *s)
{
    s->pace = (struct kedge_tftp_pace){ .link_told = { KEDGE_NEVER, KEDGE_NEVER },
                                        .queued_told = { KEDGE_NEVER, KEDGE_NEVER } };
}

void pace_begin(struct kedge_tftp_sender *s, uint64_t first, kedge_nanos now)
{
    struct kedge_tftp_pace *p = &s->pace;

    p->train_behind = s->top > s->half.base ? sub_sat(p->queued, pace_pause(s)) : 0;
    p->train_first = first;
    p->train_at = now;
}

/* An ACK that was lost is told again late. Twice is hardly chance. */
static kedge_nanos lesser(kedge_nanos told[2], kedge_nanos now_told)
{
    told[1] = told[0];
    told[0] = now_told;
    return min_u64(told[0], told[1]);
}

/* Until it was known that this host is busy, its lateness was taken for the link's. Once: who
 * is busy now and then would ask the link again and again what it holds. */
static void forget_link(struct kedge_tftp_pace *p)
{
    if (p->forgot)
        return;
    p->forgot = true;
    p->link = p->too_fast = 0;
    p->link_told[0] = p->link_told[1] = KEDGE_NEVER;
    p->queued = 0;
    p->queued_told[0] = p->queued_told[1] = KEDGE_NEVER;
}

void pace_late(struct kedge_tftp_sender *s, kedge_nanos at, kedge_nanos now)
{
    struct kedge_tftp_pace *p = &s->pace;

    p->late = min_u64(now - at, busy_max);
    p->busy -= p->busy / BUSY_PART;
    if (p->busy < busy_min)
        p->busy = 0;
    if (p->late < busy_min)
        return;
    forget_link(p);
    p->busy = max_u64(p->busy, p->late);
    p->busy_at = now;
}

/* The peer's host may be as busy as this one: twice that is no sign of a queue. */
static kedge_nanos lateness(const struct kedge_tftp_pace *p, kedge_nanos now)
{
    return now - p->busy_at <= busy_lasts ? 2 * p->busy : 0;
}

/* Amid a window it is the second block behind `acked` that makes the peer speak. */
static kedge_nanos waited(const struct kedge_tftp_sender *s, kedge_nanos took, bool amid)
{
    return sub_sat(took, s->half.rtt.smallest + (amid ? 2 * s->spacing : 0));
}

void pace_measure(struct kedge_tftp_sender *s, uint64_t acked, kedge_nanos now)
{
    struct kedge_tftp_pace *p = &s->pace;
    const struct kedge_tftp_burst *left = bursts_newest(s, acked);
    kedge_nanos took = now - p->train_at, late = lateness(p, now);
    bool amid = acked + 1 < s->half.base + s->half.terms.window && acked < s->last;

    if (!left || s->half.rtt.smallest == KEDGE_NEVER || took < s->half.rtt.smallest)
        return;
    took = sub_sat(took, late);
    p->queued = lesser(p->queued_told,
                       sub_sat(waited(s, now - burst_left(left, acked), amid), late));
    if (acked == p->train_first || p->train_behind > took / BEHIND_PART)
        return;
    took = sub_sat(took, s->half.rtt.smallest + p->train_behind);
    p->link = lesser(p->link_told, took / (acked - p->train_first + 1 + amid));
}

/* Blocks came later than they left: they wait on the way, and more and more of them. */
static bool is_too_fast(const struct kedge_tftp_sender *s)
{
    return s->pace.link > s->spacing + s->spacing / 32 && s->pace.link > link_min;
}

/* Nothing is known of the way but its round trip, or it is not what we believe. A window
 * takes no longer than a timeout, or where that is next to nothing: of 64 blocks. */
static kedge_nanos spacing_most(struct kedge_tftp_sender *s)
{
    unsigned doubled = s->half.rtt.doubled;
    kedge_nanos rto;

    s->half.rtt.doubled = 0; /* that is for a peer that says nothing */
    rto = kedge_tftp_rto(&s->half.rtt);
    s->half.rtt.doubled = doubled;
    return max_u64(rto / min_u64(s->half.terms.window, SPACED_MOST),
                   s->pace.queued / QUEUED_MIN);
}

static kedge_nanos slower(struct kedge_tftp_sender *s)
{
    kedge_nanos wanted =
        s->spacing ? 2 * s->spacing : s->half.rtt.smoothed / s->half.terms.window;

    return max_u64(min_u64(wanted, spacing_most(s)), s->spacing);
}

/* The link is not too slow, it loses. What leaves behind a lost block is in vain, until the
 * ACK comes: that may be twice as many blocks as there are between two losses. But a queue
 * that overflows makes a few short runs too: so no more than twice as slow at once. */
static kedge_nanos sparing(struct kedge_tftp_sender *s)
{
    kedge_nanos wanted = s->half.rtt.smoothed / (2 * max_u64(s->pace.run, RUN_SHORT));

    if (s->spacing)
        wanted = min_u64(wanted, 2 * s->spacing);
    return max_u64(min_u64(wanted, spacing_most(s)), s->spacing - s->spacing / 8);
}

static void note_run(struct kedge_tftp_sender *s, uint64_t run)
{
    uint64_t before = s->pace.run ? s->pace.run : run;

    s->pace.run = before - before / 4 + run / 4;
}

/* Only where a queue is seen is the link known to be no faster: elsewhere it loses. */
static kedge_nanos at_the_pace_of_the_link(struct kedge_tftp_sender *s)
{
    bool queue = s->pace.queued > s->half.rtt.smallest / QUEUED_PART;

    s->pace.too_fast = queue ? s->pace.link : 0;
    return s->pace.link;
}

void pace_lost(struct kedge_tftp_sender *s, bool told)
{
    uint64_t run = s->half.base - sub_sat(s->clean_at, s->half.terms.window);
    bool stuck = run < RUN_STUCK && s->pace.queued > s->half.rtt.smallest;

    s->spacing_was = s->spacing;
    s->clean_at = s->half.base + s->half.terms.window;
    if (s->half.terms.window == 1)
        return;
    note_run(s, run);
    if (is_too_fast(s))
        s->spacing = at_the_pace_of_the_link(s);
    else if (!told || stuck)
        s->spacing = slower(s);
    else
        s->spacing = sparing(s);
    s->spacing = min_u64(max_u64(s->spacing, spacing_min), s->half.rtt.most);
}

kedge_nanos pace_pause(const struct kedge_tftp_sender *s)
{
    return s->spacing ? min_u64(s->pace.queued, pause_max) : 0;
}

/* Up to the pace of the link at once, past it by small steps: a queue that holds less than a
 * window must not be asked again and again how much it holds. */
static kedge_nanos faster(struct kedge_tftp_sender *s)
{
    uint64_t part = min_u64(max_u64(s->half.terms.window / EXCESS, 2), PART_MAX);
    kedge_nanos wanted = s->spacing - s->spacing / part;
    kedge_nanos least = s->pace.too_fast;

    if (wanted >= max_u64(least, spacing_min))
        return wanted;
    s->pace.too_fast = least - least / CAREFUL;
    if (least < link_min)
        return 0;
    return min_u64(s->spacing, max_u64(least, spacing_min));
}

void pace_went_well(struct kedge_tftp_sender *s)
{
    if (s->spacing == 0 || s->half.base < s->clean_at)
        return;
    s->clean_at = s->half.base + s->half.terms.window;
    if (is_too_fast(s))
        return;
    s->spacing = faster(s);
}

void pace_undo(struct kedge_tftp_sender *s)
{
    s->spacing = s->spacing_was;
}
