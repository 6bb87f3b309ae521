/* SPDX-License-Identifier: MIT */
/* The list of a sender's last bursts, looked up by block. */
#include "tftp/bursts.h"

#include "base/number.h"

static const kedge_nanos late_most = 2 * KEDGE_MSEC; /* of a spaced block */

static bool holds(const struct kedge_tftp_burst *b, uint64_t block)
{
    return block >= b->first && block < b->end;
}

/* Blocks that left at one time, one after another, are one burst however many calls it
 * took to send them. So are blocks spaced evenly: each on its own, the window's first
 * would be forgotten before its last has left. */
static bool joins(const struct kedge_tftp_sender *s, const struct kedge_tftp_burst *b)
{
    const struct kedge_tftp_burst *front = &s->burst[0];
    kedge_nanos late = s->half.rtt.smoothed ? s->half.rtt.smoothed / 2 : late_most;
    kedge_nanos apart = 0;

    if (s->spacing)
        apart = 2 * s->spacing + min_u64(late, late_most);
    return s->bursts > 0 && front->end == b->first && front->again == b->again &&
           b->at - front->until <= apart;
}

void bursts_add(struct kedge_tftp_sender *s, struct kedge_tftp_burst b)
{
    b.until = b.at;
    if (joins(s, &b)) {
        s->burst[0].end = b.end;
        s->burst[0].until = b.at;
        return;
    }
    if (s->bursts < KEDGE_TFTP_BURSTS)
        s->bursts++;
    for (unsigned i = s->bursts - 1; i > 0; i--)
        s->burst[i] = s->burst[i - 1];
    s->burst[0] = b;
}

kedge_nanos burst_left(const struct kedge_tftp_burst *b, uint64_t block)
{
    uint64_t others = b->end - b->first - 1;

    return others == 0 ? b->at : b->at + (b->until - b->at) / others * (block - b->first);
}

const struct kedge_tftp_burst *bursts_newest(const struct kedge_tftp_sender *s,
                                             uint64_t block)
{
    for (unsigned i = 0; i < s->bursts; i++)
        if (holds(&s->burst[i], block))
            return &s->burst[i];
    return NULL;
}

const struct kedge_tftp_burst *bursts_first(const struct kedge_tftp_sender *s,
                                            uint64_t block)
{
    for (unsigned i = s->bursts; i > 0; i--)
        if (!s->burst[i - 1].again && holds(&s->burst[i - 1], block))
            return &s->burst[i - 1];
    return NULL;
}

unsigned bursts_count(const struct kedge_tftp_sender *s, uint64_t block)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->bursts; i++)
        count += holds(&s->burst[i], block);
    return count;
}
