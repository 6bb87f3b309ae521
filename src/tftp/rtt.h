/* SPDX-License-Identifier: MIT */
/* Beside kedge/tftp_path.h. */
#ifndef TFTP_RTT_H
#define TFTP_RTT_H

#include "kedge/tftp.h"

/* What a wait is shorter by since the round trip is well known: not where the peer has more
 * to do than to answer. */
kedge_nanos rtt_saved(const struct kedge_tftp_rtt *r);

/* An answer came, and only later than the RTO: for the rest of the transfer that slack is 40 ms
 * at least, and the second time 80 ms. */
void rtt_was_late(struct kedge_tftp_rtt *r);

#endif
