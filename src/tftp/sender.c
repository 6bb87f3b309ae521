/* SPDX-License-Identifier: MIT */
/* The sending side: what leaves, what leaves again, and when it is over. */
#include "kedge/tftp.h"

#include "base/number.h"
#include "tftp/bursts.h"
#include "tftp/pace.h"
#include "tftp/patience.h"
#include "tftp/rtt.h"

enum {
    REPAIRS_MAX = 10,  /* doublings of the wait between two mendings of one gap */
    LEAP = 8,          /* blocks; fewer, and ACKs of each block may have been lost */
    LAST_REPEATS = 3,  /* of the last block: firmware may have jumped into its image */
    WHOLE_REPEATS = 2, /* of a window; from then on single blocks leave again */
    CATCH_UP_BLOCKS = 64,
};

static const kedge_nanos resend_after_min = KEDGE_MSEC;
static const kedge_nanos late_by =
    5 * KEDGE_MSEC; /* than a round trip: the answer was late */
static const kedge_nanos catch_up = KEDGE_MSEC; /* of spaced blocks, at least */

void kedge_tftp_sender_init(struct kedge_tftp_sender *s,
                            const struct kedge_tftp_terms *terms, uint64_t first,
                            bool validated, kedge_nanos now)
{
    *s = (struct kedge_tftp_sender){ .half.terms = *terms,
                                     .half.base = first,
                                     .next = first };
    s->top = first;
    s->last = UINT64_MAX;
    s->half.validated = validated;
    s->expiry = s->suspect_until = s->half.gone_at = KEDGE_NEVER;
    s->half.deadline = now;
    s->half.give_up = now + patience(terms);
    kedge_tftp_rtt_init(&s->half.rtt, terms->timeout, terms->own_delay);
    pace_init(s);
}

void kedge_tftp_sender_end(struct kedge_tftp_sender *s, uint64_t last)
{
    KEDGE_ASSERT(last > 0);
    s->last = last;
}

static void sender_finish(struct kedge_tftp_sender *s, enum kedge_tftp_outcome outcome)
{
    s->half.outcome = outcome;
    s->half.deadline = KEDGE_NEVER;
}

static bool all_sent(const struct kedge_tftp_sender *s)
{
    return s->top > s->last;
}

/* One past the last block of the window. The reply to the options goes alone. */
static uint64_t window_end(const struct kedge_tftp_sender *s)
{
    uint64_t end = s->half.base == 0 ? 1 : s->half.base + s->half.terms.window;

    return min_u64(end, add_sat(s->last, 1));
}

/* Who forges an ACK gets the window, and is then silent: ten repeats of all of it were the
 * worst that one forged packet could buy. */
static bool repeats_alone(const struct kedge_tftp_sender *s)
{
    return s->rewinds > WHOLE_REPEATS;
}

/* Of single blocks the first and the last take turns. A peer that lacks the first hears no
 * other; one whose ACK was lost may heed the last only. */
static uint64_t repeat_from(const struct kedge_tftp_sender *s)
{
    bool last = repeats_alone(s) && s->rewinds % 2 == 0;

    return last ? max_u64(s->half.base, sub_sat(s->top, 1)) : s->half.base;
}

/* One past the last block that may be out now. */
static uint64_t limit(const struct kedge_tftp_sender *s)
{
    return repeats_alone(s) ? repeat_from(s) + 1 : window_end(s);
}

static void rewind_to_base(struct kedge_tftp_sender *s, kedge_nanos now)
{
    s->rewinds++;
    s->next = repeat_from(s);
    s->not_before = max_u64(s->not_before, now);
    s->expiry = s->suspect_until = KEDGE_NEVER;
}

/* So long after a block has left, an ACK may know of it. Unmeasured, it is long. What the
 * block before waited in queues on the way this one does too. */
static kedge_nanos round_trip(const struct kedge_tftp_sender *s)
{
    kedge_nanos queued = s->half.rtt.smallest + s->pace.queued;

    if (s->half.rtt.smallest == KEDGE_NEVER)
        return kedge_tftp_rto(&s->half.rtt);
    return max_u64(max_u64(s->half.rtt.smoothed, queued), resend_after_min);
}

/* What a round trip may take besides. */
static kedge_nanos round_trip_slack(const struct kedge_tftp_sender *s)
{
    return max_u64(4 * s->half.rtt.variation, resend_after_min);
}

static void mend(struct kedge_tftp_sender *s, kedge_nanos now)
{
    s->retransmits++;
    pace_lost(s, true);
    rewind_to_base(s, now + pace_pause(s));
}

/* A gap, says the ACK: everything from base on is sent again, unless base left so lately
 * that this ACK cannot know of it. So any number of equal ACKs costs one window. On a quick
 * link an ACK can know of it sooner than that: if nothing else is heard, the gap is mended
 * when there is no doubt left, and not only by the timer. Where the network's queues are
 * longer than the round trip we know of, base is in them: after two times each further one
 * must wait twice as long. A peer whose ACK leapt over many blocks does not acknowledge
 * each: it has met a gap, and there will be no other ACK. */
static void repair_gap(struct kedge_tftp_sender *s, bool leapt, kedge_nanos now)
{
    const struct kedge_tftp_burst *left = bursts_newest(s, s->half.base);
    kedge_nanos wait = round_trip(s) << min_u64(sub_sat(s->retransmits, 1), REPAIRS_MAX);
    kedge_nanos left_at = left ? burst_left(left, s->half.base) : 0;
    kedge_nanos known_at = left ? left_at + wait : now;

    if (s->next == s->half.base || now - left_at < s->half.rtt.smallest)
        return; /* sooner than any round trip, the ACK left before base did */
    if (now < (leapt ? left_at + resend_after_min : known_at)) {
        if (s->retransmits == 0) /* else the ACK may have left before base left again */
            s->suspect_until = known_at + round_trip_slack(s);
        return;
    }
    mend(s, now);
}

/* Does an ACK of a block that left once tell the round trip? The peer speaks at once at the
 * end of its window. Before it only a gap makes it speak, and no sooner than the next block
 * comes: where blocks are spaced that is later, and the RTO would grow with the spacing and
 * the spacing with the RTO. But what is less than believed is better knowledge. */
static bool tells(const struct kedge_tftp_sender *s, const struct kedge_tftp_burst *left,
                  uint64_t acked, kedge_nanos took)
{
    bool spaced = left->at != left->until;

    return acked + 1 == window_end(s) || !spaced || took < s->half.rtt.smoothed;
}

/* Much sooner than any round trip was: no answer takes so little. A little sooner says
 * nothing, for round trips differ. */
static bool too_soon(const struct kedge_tftp_sender *s, kedge_nanos took)
{
    return took < s->half.rtt.smallest / 2;
}

/* An ACK that comes too soon after a resend answers the send before: the peer was thinking,
 * or writing flash, and nothing was lost. Of more than two sends it is not known which. */
static bool answers_first(const struct kedge_tftp_sender *s, uint64_t acked,
                          kedge_nanos took)
{
    return acked + 1 == window_end(s) && too_soon(s, took) && bursts_count(s, acked) == 2;
}

/* While nothing is known any round trip will do; that of a block which the timer sent again
 * too, for the doubled timeout outlives it. But of the OACK none as long as a peer's own
 * timeout: its first ACK was lost. */
static void sample_any(struct kedge_tftp_sender *s, uint64_t acked, bool again,
                       kedge_nanos took)
{
    bool lost = acked == 0 && took >= s->half.rtt.first;

    if (again ? s->expired : !lost)
        kedge_tftp_rtt_sample(&s->half.rtt, took);
}

/* Something left again after the block did, and so long ago that the ACK may be the answer to
 * that: it speaks of what the peer has, and that may have come long before. */
static bool answers_repeat(const struct kedge_tftp_sender *s,
                           const struct kedge_tftp_burst *left, kedge_nanos now)
{
    const struct kedge_tftp_burst *newest = &s->burst[0];

    return newest->again && newest->at > left->until && !too_soon(s, now - newest->at);
}

/* What was sent again is answered, and much later than it takes: whichever of both the peer has
 * answered, it was late. */
static bool answers_slowly(const struct kedge_tftp_sender *s, uint64_t acked,
                           kedge_nanos took)
{
    return acked + 1 == window_end(s) && bursts_count(s, acked) == 2 &&
           took > round_trip(s) + late_by;
}

/* The RTO did not wait for the answer to this block. It counts once, however often the peer
 * says it. */
static void note_late_answer(struct kedge_tftp_sender *s, uint64_t acked)
{
    if (s->late_block == acked)
        return;
    s->late_block = acked;
    rtt_was_late(&s->half.rtt);
}

static void sender_sample(struct kedge_tftp_sender *s, uint64_t acked, kedge_nanos now)
{
    const struct kedge_tftp_burst *left = bursts_newest(s, acked);
    const struct kedge_tftp_burst *first = bursts_first(s, acked);
    kedge_nanos took;

    if (!left)
        return;
    took = now - burst_left(left, acked);
    if (s->half.rtt.smallest == KEDGE_NEVER) {
        sample_any(s, acked, left->again, took);
    } else if (!left->again && tells(s, left, acked, took)) {
        if (!answers_repeat(s, left, now))
            kedge_tftp_rtt_sample(&s->half.rtt, took);
    } else if (left->again && first && answers_first(s, acked, took)) {
        kedge_tftp_rtt_sample(&s->half.rtt, now - burst_left(first, acked));
        if (s->expired)
            note_late_answer(s, acked);
        pace_undo(s);
    } else if (s->expired && answers_slowly(s, acked, took)) {
        note_late_answer(s, acked);
    }
}

/* Blocks behind base that left again are duplicates for the peer: it may answer each. */
static void note_copies(struct kedge_tftp_sender *s)
{
    for (unsigned i = 0; i < s->bursts; i++) {
        const struct kedge_tftp_burst *b = &s->burst[i];

        if (b->again && b->first < s->half.base)
            s->again_at =
                max_u64(s->again_at, burst_left(b, min_u64(b->end, s->half.base) - 1));
    }
}

/* A duplicate ACK tells of a gap (RFC 7440), unless it may be the answer to a copy: taken
 * for a gap that one would bring a window of copies, and so on for ever. */
static bool answers_copy(const struct kedge_tftp_sender *s, kedge_nanos now)
{
    return s->again_at > 0 && now - s->again_at <= round_trip(s) + round_trip_slack(s);
}

static void advance(struct kedge_tftp_sender *s, uint64_t acked, kedge_nanos now)
{
    bool leapt = acked - s->half.base >= LEAP;

    sender_sample(s, acked, now);
    pace_measure(s, acked, now);
    s->half.base = acked + 1;
    s->suspect_until = KEDGE_NEVER;
    s->retransmits = s->rewinds = 0;
    note_copies(s);
    s->next = max_u64(s->next, s->half.base);
    s->repeats = 0;
    /* A block that left twice tells no round trip. Without the doubled time for the next
     * one, a link that has become slow would see each block twice for ever (Karn). */
    if (!s->expired)
        s->half.rtt.doubled = 0;
    s->expired = false;
    s->half.give_up = now + patience(&s->half.terms);
    if (s->half.base > s->last) {
        sender_finish(s, KEDGE_TFTP_OK);
        return;
    }
    pace_went_well(s);
    s->not_before = max_u64(s->not_before, now); /* waiting for room is no lateness */
    s->expiry = s->half.base < s->next ? now + kedge_tftp_rto(&s->half.rtt) : KEDGE_NEVER;
    if (s->half.base < s->top)
        repair_gap(s, leapt, now);
}

/* An ACK of the block before, after the last repeat of the last: somebody is there and
 * lacks it. It gets one more chance, by the timer. */
static void ask_once_more(struct kedge_tftp_sender *s, kedge_nanos now)
{
    if (!all_sent(s) || s->repeats < LAST_REPEATS)
        return;
    s->repeats = LAST_REPEATS - 1;
    s->expiry = min_u64(s->expiry, now + kedge_tftp_rto(&s->half.rtt));
}

/* A second ACK of a block that left twice: both have come, and both ACKs. Nothing was lost, it
 * was only late. With a window it may tell of a gap. */
static bool was_late(const struct kedge_tftp_sender *s, uint64_t acked)
{
    return s->half.terms.window == 1 && s->half.validated && bursts_count(s, acked) == 2;
}

static void read_ack(struct kedge_tftp_sender *s, uint16_t number, kedge_nanos now)
{
    uint64_t from = sub_sat(s->half.base, 1);
    uint64_t acked;

    if (!kedge_tftp_unwrap(from, s->top - from, number, s->half.terms.rollover, &acked)) {
        s->half.duplicates++;
        return;
    }
    s->half.gone_at = KEDGE_NEVER;
    if (acked >= s->half.base) {
        s->half.validated = true;
        advance(s, acked, now);
        return;
    }
    /* In lock-step a duplicate is answered by nothing at all: an answer would double each
     * packet from here on (RFC 1123, 4.2.3.1). */
    s->half.duplicates++;
    if (was_late(s, acked))
        note_late_answer(s, acked);
    ask_once_more(s, now);
    if (s->half.terms.window > 1 && s->half.base < s->top && !answers_copy(s, now))
        repair_gap(s, false, now);
}

void kedge_tftp_sender_read(struct kedge_tftp_sender *s,
                            const struct kedge_tftp_packet *in, kedge_nanos now)
{
    if (s->half.outcome != KEDGE_TFTP_RUNNING)
        return;
    if (in->op == KEDGE_TFTP_ACK) {
        /* Even one of a former transfer: it costs no more than a block sent early. To take
         * a quick peer's own for such a one would cost its client's whole timeout. */
        read_ack(s, in->number, now);
    } else if (in->op == KEDGE_TFTP_ERROR) {
        if (now < s->half.terms.ignore_before && s->half.base <= 1)
            return;
        s->half.code = in->number;
        /* GRUB ends a file of whole blocks with ERROR 0 in place of the last ACK. */
        sender_finish(s, all_sent(s) && in->number == 0 && s->half.terms.confirm == 0
                             ? KEDGE_TFTP_OK
                             : KEDGE_TFTP_ABORTED);
    }
}

/* The timer of what is in flight ran out. */
static void expire(struct kedge_tftp_sender *s, kedge_nanos now)
{
    bool last = s->half.validated && all_sent(s) && s->half.terms.confirm == 0;

    if (s->pace.waits && s->half.deadline == s->expiry)
        pace_late(s, s->expiry, now);
    s->expiry = KEDGE_NEVER;
    if (last && s->repeats == LAST_REPEATS) /* by the peer's timer, for as long as any */
        return;
    if (!s->half.validated && s->repeats == UNVALIDATED_REPEATS)
        return;
    if (last || !s->half.validated)
        s->repeats++;
    s->expired = true;
    s->half.rtt.doubled++;
    pace_lost(s, false);
    rewind_to_base(s, now);
}

static struct kedge_tftp_action sender_action(enum kedge_tftp_todo todo)
{
    return (struct kedge_tftp_action){ .todo = todo };
}

static struct kedge_tftp_action wait_until(struct kedge_tftp_sender *s, kedge_nanos at)
{
    s->half.deadline = min_u64(min_u64(at, s->half.give_up), s->half.gone_at);
    s->pace.waits = true;
    return sender_action(KEDGE_TFTP_WAIT);
}

static enum kedge_tftp_outcome outcome_of_silence(const struct kedge_tftp_sender *s)
{
    return s->half.validated && all_sent(s) ? KEDGE_TFTP_UNCONFIRMED : KEDGE_TFTP_TIMEOUT;
}

/* A client that has all closes its port: the last ACK may be the one that was lost. */
static enum kedge_tftp_outcome outcome_of_gone(const struct kedge_tftp_sender *s)
{
    if (!s->half.validated || !all_sent(s))
        return KEDGE_TFTP_GONE;
    return s->half.terms.confirm ? KEDGE_TFTP_UNCONFIRMED : KEDGE_TFTP_OK;
}

void kedge_tftp_sender_gone(struct kedge_tftp_sender *s, kedge_nanos now)
{
    if (s->half.outcome != KEDGE_TFTP_RUNNING)
        return;
    s->half.gone_at = min_u64(s->half.gone_at, now + gone_after(&s->half.rtt));
    s->half.deadline = min_u64(s->half.deadline, s->half.gone_at);
}

/* Blocks that wait for their time have only a timer to wake them. Who was told to send, and had
 * nothing to send or no room, is no timer. */
static void note_late(struct kedge_tftp_sender *s, kedge_nanos now)
{
    if (s->pace.waits && s->spacing && s->half.deadline == s->not_before &&
        now > s->not_before)
        pace_late(s, s->not_before, now);
    s->pace.waits = false;
}

struct kedge_tftp_action kedge_tftp_sender_write(struct kedge_tftp_sender *s,
                                                 kedge_nanos now)
{
    if (s->half.refuse) {
        s->half.refuse = false;
        return (struct kedge_tftp_action){ .todo = KEDGE_TFTP_REFUSE,
                                           .code = s->half.code };
    }
    if (s->half.outcome == KEDGE_TFTP_RUNNING &&
        now >= min_u64(s->half.give_up, s->half.gone_at))
        sender_finish(s, now >= s->half.gone_at ? outcome_of_gone(s)
                                                : outcome_of_silence(s));
    /* While a part of the window is still to leave (storage is slow, or it is spaced) the
     * peer has nothing to answer. */
    if (s->half.outcome == KEDGE_TFTP_RUNNING && s->next >= limit(s)) {
        if (now >= s->expiry)
            expire(s, now);
        else if (now >= s->suspect_until)
            mend(s, now);
    }
    if (s->half.outcome != KEDGE_TFTP_RUNNING)
        return sender_action(KEDGE_TFTP_OVER);
    if (s->next >= limit(s))
        return wait_until(s, min_u64(s->expiry, s->suspect_until));
    if (s->spacing && now < s->not_before) {
        s->pace.late = 0; /* all that was due has left */
        return wait_until(s, s->not_before);
    }
    note_late(s, now);
    s->half.deadline = now;
    return (struct kedge_tftp_action){ .todo = KEDGE_TFTP_BLOCKS,
                                       .first = s->next,
                                       .end = s->spacing ? s->next + 1 : limit(s) };
}

static kedge_nanos expiry_after(const struct kedge_tftp_sender *s, uint64_t end,
                                kedge_nanos now)
{
    kedge_nanos rto = kedge_tftp_rto(&s->half.rtt);

    if (end == 1) /* an OACK: see oack_wait() */
        rto = oack_wait(&s->half.terms);
    else if (all_sent(s))
        rto += rtt_saved(&s->half.rtt); /* it may have to keep the file first */
    return now + rto;
}

/* So old a block's time may be that it leaves at once with others: others want their turn. */
static kedge_nanos caught_up(const struct kedge_tftp_sender *s)
{
    return max_u64(catch_up, min_u64(s->pace.late, CATCH_UP_BLOCKS * s->spacing));
}

void kedge_tftp_sender_sent(struct kedge_tftp_sender *s, uint64_t first, uint64_t end,
                            kedge_nanos now)
{
    if (first >= end)
        return;
    KEDGE_ASSERT(first == s->next && end <= limit(s));
    if (first == s->half.base)
        pace_begin(s, first, now);
    s->half.resent += sub_sat(min_u64(end, s->top), first);
    if (first < s->top)
        bursts_add(s, (struct kedge_tftp_burst){ .first = first,
                                                 .end = min_u64(end, s->top),
                                                 .at = now,
                                                 .again = true });
    if (end > s->top)
        bursts_add(s, (struct kedge_tftp_burst){
                          .first = max_u64(first, s->top), .end = end, .at = now });
    s->next = end;
    if (s->half.terms.confirm && end > s->last && s->top <= s->last)
        s->half.give_up = max_u64(s->half.give_up, now + s->half.terms.confirm);
    s->top = max_u64(s->top, end);
    s->expiry = expiry_after(s, end, now);
    s->not_before = max_u64(s->not_before, sub_sat(now, caught_up(s))) + s->spacing;
}

void kedge_tftp_sender_again(struct kedge_tftp_sender *s, kedge_nanos now)
{
    if (s->half.validated || s->half.outcome != KEDGE_TFTP_RUNNING)
        return;
    s->next = s->half.base;
    s->not_before = 0;
    s->half.deadline = now;
}
