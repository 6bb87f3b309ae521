/* SPDX-License-Identifier: MIT */
/* How long a transfer waits, and how often it repeats itself, where several must agree. */
#ifndef TFTP_PATIENCE_H
#define TFTP_PATIENCE_H

#include "base/number.h"
#include "kedge/tftp.h"
#include "tftp/rtt.h"

/* By the timer, of a reply to a peer that may not exist. */
enum { UNVALIDATED_REPEATS = 1 };

/* Without progress, before giving up: never by a count, never by total time. */
static inline kedge_nanos patience(const struct kedge_tftp_terms *terms)
{
    return terms->patience ? terms->patience
                           : max_u64(30 * KEDGE_SEC, 6 * terms->timeout);
}

/* ICMP says that nobody listens at the peer's port, and anybody can say so: it is true only if
 * nothing valid comes for so long, within which what was lost has left again. */
static inline kedge_nanos gone_after(const struct kedge_tftp_rtt *rtt)
{
    return clamp_u64(2 * kedge_tftp_rto(rtt), 2 * KEDGE_SEC, 5 * KEDGE_SEC);
}

/* Before a reply to options is repeated unasked. atftp aborts on a second OACK and curl
 * falls back to block 0, while every client repeats its own request or ACK sooner. */
static inline kedge_nanos oack_wait(const struct kedge_tftp_terms *terms)
{
    return max_u64(5 * KEDGE_SEC, terms->timeout);
}

#endif
