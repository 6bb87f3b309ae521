/* SPDX-License-Identifier: MIT */
/* How long a receiver sleeps while a window comes: a server that sends it block by block would
 * wake it for each, which costs as much as all the rest. No clock and no sleep in here. */
#ifndef TRANSFER_GATHER_H
#define TRANSFER_GATHER_H

#include "kedge/tftp.h"

struct gather {
    kedge_nanos heard; /* when datagrams were last taken */
    kedge_nanos apart; /* the time between blocks of a window, about; 0: not known */
};

/* So long nothing need be looked at: half of what the window still takes, less what a timer
 * is late by. At most 1 ms, and 0 where it is not worth a sleep. */
KEDGE_MUST_CHECK kedge_nanos gather_sleep(const struct gather *g,
                                          const struct kedge_tftp_receiver *r);

/* Datagrams were taken, so many blocks of a window: its first, which tell nothing; some amid it;
 * or its last after a sleep, which may have been too long. */
enum gather_at { GATHER_BEGIN, GATHER_AMID, GATHER_END };
void gather_note(struct gather *g, uint64_t blocks, enum gather_at at, kedge_nanos now);

#endif
