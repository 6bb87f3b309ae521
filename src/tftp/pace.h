/* SPDX-License-Identifier: MIT */
/* The pace of a window: RFC 7440 fixes how many its blocks are, and not how fast they come.
 * An ACK tells how long a block took on the slowest part of the way, by how much later it
 * came than one of a single block would have; after a loss blocks leave no faster. */
#ifndef TFTP_PACE_H
#define TFTP_PACE_H

#include "kedge/tftp.h"

void pace_init(struct kedge_tftp_sender *s);

/* A train begins with block `first`. */
void pace_begin(struct kedge_tftp_sender *s, uint64_t first, kedge_nanos now);

/* An ACK of a block came, and base has not moved yet. */
void pace_measure(struct kedge_tftp_sender *s, uint64_t acked, kedge_nanos now);

/* Something was lost: told by an ACK, or only by the timer. */
void pace_lost(struct kedge_tftp_sender *s, bool told);

/* So long after a loss that was told nothing leaves: for the queues on the way to empty. */
kedge_nanos pace_pause(const struct kedge_tftp_sender *s);

/* base has moved: a little faster, once a window without a loss. */
void pace_went_well(struct kedge_tftp_sender *s);

/* A timer that was set for `at`, of a spaced block or of what is in flight, rings now: this host
 * is busy. What was due meanwhile leaves at once; and what an ACK tells of the way is no better
 * known than to twice that. */
void pace_late(struct kedge_tftp_sender *s, kedge_nanos at, kedge_nanos now);

/* A loss that was none. */
void pace_undo(struct kedge_tftp_sender *s);

#endif
