#include "proto/tftp/bursts.h"

static bool holds(const struct kedge_tftp_burst *b, uint64_t block)
{
    return block >= b->first && block < b->end;
}

/* Blocks that left at one time, one after another, are one burst however many calls it
 * took to send them. */
static bool joins(const struct kedge_tftp_sender *s, const struct kedge_tftp_burst *b)
{
    const struct kedge_tftp_burst *front = &s->burst[0];

    return s->bursts > 0 && front->at == b->at && front->end == b->first &&
           front->again == b->again;
}

void bursts_add(struct kedge_tftp_sender *s, struct kedge_tftp_burst b)
{
    if (joins(s, &b)) {
        s->burst[0].end = b.end;
        return;
    }
    if (s->bursts < KEDGE_TFTP_BURSTS)
        s->bursts++;
    for (unsigned i = s->bursts - 1; i > 0; i--)
        s->burst[i] = s->burst[i - 1];
    s->burst[0] = b;
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
