/* SPDX-License-Identifier: MIT */
/* When which blocks left: the last few bursts of a sender, the newest in front. When the
 * room is used up the oldest are forgotten; a block that no burst holds left long ago. */
#ifndef TFTP_BURSTS_H
#define TFTP_BURSTS_H

#include "kedge/tftp.h"

/* b.until is set here. */
void bursts_add(struct kedge_tftp_sender *s, struct kedge_tftp_burst b);

/* When a block of the burst left. */
kedge_nanos burst_left(const struct kedge_tftp_burst *b, uint64_t block);

/* The burst in which a block left last, and the one in which it left for the first time.
 * NULL if that is forgotten. Valid until the next bursts_add(). */
const struct kedge_tftp_burst *bursts_newest(const struct kedge_tftp_sender *s,
                                             uint64_t block);
const struct kedge_tftp_burst *bursts_first(const struct kedge_tftp_sender *s,
                                            uint64_t block);

/* How often a block left, as far as is remembered. */
unsigned bursts_count(const struct kedge_tftp_sender *s, uint64_t block);

#endif
