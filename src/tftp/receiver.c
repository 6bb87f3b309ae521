/* SPDX-License-Identifier: MIT */
/* The receiving side: what is stored, what is acknowledged, and when it is over. */
#include "kedge/tftp.h"

#include "base/number.h"
#include "tftp/patience.h"

static const kedge_nanos silence_default = KEDGE_SEC;
static const kedge_nanos silence_max = 5 * KEDGE_SEC;
static const kedge_nanos reply_again_min = KEDGE_MSEC;

void kedge_tftp_receiver_init(struct kedge_tftp_receiver *r,
                              const struct kedge_tftp_terms *terms, bool reply,
                              kedge_nanos linger, kedge_nanos now)
{
    *r = (struct kedge_tftp_receiver){ .half.terms = *terms,
                                       .half.base = 1,
                                       .linger = linger };
    r->due = reply;
    r->silence = terms->timeout ? terms->timeout : silence_default;
    r->half.deadline = now;
    r->replied_at = now;
    r->half.give_up = now + patience(terms);
    r->half.gone_at = KEDGE_NEVER;
    kedge_tftp_rtt_init(&r->half.rtt, terms->timeout, terms->own_delay);
}

static void receiver_finish(struct kedge_tftp_receiver *r,
                            enum kedge_tftp_outcome outcome)
{
    r->half.outcome = outcome;
    r->half.deadline = KEDGE_NEVER;
}

/* How long after the last ACK a block that is not the next may bring another. A gap that
 * no ACK has told of is told at once. Else a block ahead may be of the same burst, and a
 * block behind a copy the network made: more ACKs would make a careless sender repeat
 * itself, and lwIP takes a second one for an error. */
static kedge_nanos reply_wait(const struct kedge_tftp_receiver *r, bool ahead)
{
    if (ahead && r->replied_for != r->half.base)
        return 0;
    if (ahead && r->half.rtt.smallest != KEDGE_NEVER)
        return r->half.rtt.smoothed / 2;
    return max_u64(r->half.rtt.smoothed / 2, reply_again_min);
}

/* No file has a block 0: who numbers from there would have its first one left out. */
static void refuse_block_0(struct kedge_tftp_receiver *r)
{
    r->half.refuse = true;
    r->half.code = KEDGE_TFTP_ILLEGAL;
    receiver_finish(r, KEDGE_TFTP_FAILED);
}

/* DATA that is not the next: a gap in a window, or a block that came before because our
 * ACK was lost. Both are answered by the last ACK; what is of no window is not. */
static void out_of_order(struct kedge_tftp_receiver *r, uint16_t number, kedge_nanos now)
{
    uint64_t back = min_u64(r->half.base, r->half.terms.window);
    uint64_t block;

    if (!kedge_tftp_unwrap(r->half.base - back, back + r->half.terms.window, number,
                           r->half.terms.rollover, &block))
        return;
    if (block == 0 && r->phase == KEDGE_TFTP_TAKING) {
        refuse_block_0(r);
        return;
    }
    r->half.gone_at = KEDGE_NEVER;
    r->half.duplicates += block < r->half.base;
    if (block + 1 < r->half.base)
        return; /* more of them come: the last will be answered */
    if (r->phase == KEDGE_TFTP_COMMITTING ||
        now - r->replied_at < reply_wait(r, block > r->half.base))
        return;
    r->due = true;
    r->half.resent++;
}

static void receiver_sample(struct kedge_tftp_receiver *r, kedge_nanos now)
{
    if (r->first_in_window)
        kedge_tftp_rtt_sample(&r->half.rtt, now - r->replied_at);
    r->first_in_window = false;
}

static void receiver_take_block(struct kedge_tftp_receiver *r, size_t len,
                                kedge_nanos now)
{
    receiver_sample(r, now);
    r->half.base++;
    r->bytes += len;
    r->in_window++;
    r->quiet = 0;
    r->taken_at = now;
    r->half.gone_at = KEDGE_NEVER;
    r->half.give_up = now + patience(&r->half.terms);
    if (len < r->half.terms.blksize) {
        r->phase = KEDGE_TFTP_COMMITTING;
        r->due = true;
    } else if (r->in_window == r->half.terms.window) {
        r->due = true;
    }
}

static bool read_data(struct kedge_tftp_receiver *r, const struct kedge_tftp_packet *in,
                      kedge_nanos now)
{
    if (in->body.len > r->half.terms.blksize)
        return false;
    r->half.validated = true;
    if (r->phase != KEDGE_TFTP_TAKING ||
        in->number != kedge_tftp_wire(r->half.base, r->half.terms.rollover)) {
        out_of_order(r, in->number, now);
        return false;
    }
    receiver_take_block(r, in->body.len, now);
    return true;
}

bool kedge_tftp_receiver_read(struct kedge_tftp_receiver *r,
                              const struct kedge_tftp_packet *in, kedge_nanos now)
{
    if (r->half.outcome != KEDGE_TFTP_RUNNING || now < r->half.terms.ignore_before)
        return false;
    if (in->op == KEDGE_TFTP_DATA)
        return read_data(r, in, now);
    if (in->op != KEDGE_TFTP_ERROR || r->phase == KEDGE_TFTP_COMMITTING)
        return false; /* all has come, and is being kept: nothing it says can matter */
    r->half.code = in->number;
    receiver_finish(r, r->phase == KEDGE_TFTP_LINGERING ? KEDGE_TFTP_OK
                                                        : KEDGE_TFTP_ABORTED);
    return false;
}

/* How long after the last ACK or block the ACK is repeated unasked. Within windows the
 * round trip tells; in lock-step only a long silence may, for lwIP's sake. */
static kedge_nanos silence(const struct kedge_tftp_receiver *r)
{
    kedge_nanos wait = r->silence;

    if (r->half.base == 1 && !r->half.validated)
        return oack_wait(&r->half.terms);
    if (r->half.terms.window > 1 && r->half.rtt.smallest != KEDGE_NEVER)
        wait = min_u64(wait, 2 * kedge_tftp_rto(&r->half.rtt));
    return min_u64(wait << min_u64(r->quiet, 8), max_u64(silence_max, r->silence));
}

static struct kedge_tftp_action reply(struct kedge_tftp_receiver *r, kedge_nanos now)
{
    r->due = false;
    r->in_window = 0;
    r->first_in_window = r->replied_for != r->half.base; /* said twice, it is no sample */
    r->replied_for = r->half.base;
    r->replied_at = now;
    r->half.deadline = now;
    if (r->phase == KEDGE_TFTP_LINGERING && r->linger == 0)
        receiver_finish(r, KEDGE_TFTP_OK);
    return (struct kedge_tftp_action){ .todo = KEDGE_TFTP_REPLY,
                                       .first = r->half.base - 1 };
}

static struct kedge_tftp_action receiver_action(enum kedge_tftp_todo todo)
{
    return (struct kedge_tftp_action){ .todo = todo };
}

static struct kedge_tftp_action wait_for_data(struct kedge_tftp_receiver *r,
                                              kedge_nanos now)
{
    kedge_nanos again = max_u64(r->replied_at, r->taken_at) + silence(r);

    if (r->phase != KEDGE_TFTP_TAKING || (!r->half.validated && r->quiet > 0))
        again = KEDGE_NEVER; /* an unvalidated peer gets its reply once more, not twice */
    if (now < again) {
        r->half.deadline = min_u64(min_u64(again, r->half.give_up), r->half.gone_at);
        return receiver_action(KEDGE_TFTP_WAIT);
    }
    r->quiet++;
    r->half.resent++;
    return reply(r, now);
}

static enum kedge_tftp_outcome outcome_of_silence(const struct kedge_tftp_receiver *r,
                                                  kedge_nanos now)
{
    if (r->phase == KEDGE_TFTP_LINGERING)
        return KEDGE_TFTP_OK; /* for nobody */
    return now >= r->half.gone_at ? KEDGE_TFTP_GONE : KEDGE_TFTP_TIMEOUT;
}

void kedge_tftp_receiver_gone(struct kedge_tftp_receiver *r, kedge_nanos now)
{
    if (r->half.outcome != KEDGE_TFTP_RUNNING || r->phase == KEDGE_TFTP_COMMITTING)
        return; /* all has come, and is being kept */
    r->half.gone_at = min_u64(r->half.gone_at, now + gone_after(&r->half.rtt));
    r->half.deadline = min_u64(r->half.deadline, r->half.gone_at);
}

struct kedge_tftp_action kedge_tftp_receiver_write(struct kedge_tftp_receiver *r,
                                                   kedge_nanos now)
{
    bool kept = r->phase == KEDGE_TFTP_LINGERING;

    if (r->half.refuse) {
        r->half.refuse = false;
        return (struct kedge_tftp_action){ .todo = KEDGE_TFTP_REFUSE,
                                           .code = r->half.code };
    }
    if (r->half.outcome == KEDGE_TFTP_RUNNING &&
        now >= min_u64(r->half.give_up, r->half.gone_at) &&
        r->phase != KEDGE_TFTP_COMMITTING && !(kept && r->due))
        receiver_finish(r, outcome_of_silence(r, now));
    if (r->half.outcome != KEDGE_TFTP_RUNNING)
        return receiver_action(KEDGE_TFTP_OVER);
    if (r->phase == KEDGE_TFTP_COMMITTING) {
        bool tell = r->due;

        r->due = false;
        r->half.deadline = KEDGE_NEVER;
        return receiver_action(tell ? KEDGE_TFTP_COMMIT : KEDGE_TFTP_WAIT);
    }
    return r->due ? reply(r, now) : wait_for_data(r, now);
}

void kedge_tftp_receiver_committed(struct kedge_tftp_receiver *r, kedge_nanos now)
{
    if (r->phase != KEDGE_TFTP_COMMITTING || r->half.outcome != KEDGE_TFTP_RUNNING)
        return;
    r->phase = KEDGE_TFTP_LINGERING;
    r->due = true;
    r->half.give_up = add_sat(now, r->linger);
    r->half.deadline = now;
}

void kedge_tftp_receiver_again(struct kedge_tftp_receiver *r, kedge_nanos now)
{
    if (r->half.validated || r->half.outcome != KEDGE_TFTP_RUNNING)
        return;
    r->due = true;
    r->half.deadline = now;
}
