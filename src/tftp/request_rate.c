/* SPDX-License-Identifier: MIT */
/* One debt for all that leave from the request port: it is paid off as time goes by. */
#include "tftp/request_rate.h"

#include "base/number.h"
#include "tftp/table.h"

/* IPv4, UDP and TFTP headers of a block. */
enum { BLOCK_HEADERS = 32 };

/* One that was never answered sends two datagrams at most, whatever the rate. */
static bool is_bounded(const struct tftp_sessions *t, const struct tftp_session *s)
{
    bool requests = t->limits.single_port || s->from != TFTP_FROM_DATA;

    return t->limits.request_rate != 0 && requests && !s->attached &&
           s->state == TFTP_LIVE && s->machine.sends && session_validated(s) &&
           kedge_tftp_machine_outcome(&s->machine) == KEDGE_TFTP_RUNNING;
}

kedge_nanos request_rate_opens(const struct tftp_sessions *t,
                               const struct tftp_session *s)
{
    return is_bounded(t, s) ? t->paid_until : 0;
}

bool tftp_sessions_may_send(const struct tftp_sessions *t, const struct tftp_session *s,
                            kedge_nanos now)
{
    return now >= request_rate_opens(t, s);
}

void tftp_sessions_sent(struct tftp_sessions *t, const struct tftp_session *s,
                        uint32_t blocks, kedge_nanos now)
{
    uint64_t bytes =
        (uint64_t)blocks * (s->machine.sender.half.terms.blksize + BLOCK_HEADERS);

    if (is_bounded(t, s))
        t->paid_until = add_sat(max_u64(t->paid_until, now),
                                bytes * KEDGE_SEC / t->limits.request_rate);
}
