/* SPDX-License-Identifier: MIT */
/* One direction at work: packets in from one device, out to the other. */
#ifndef BADLINK_CARRY_H
#define BADLINK_CARRY_H

#include "badlink.h"

/* Read what has come, a batch at most, and decide each packet's fate. */
void receive(struct badlink *b, struct link *l);

/* Write what is due, a batch at most. */
void deliver(struct link *l);

#endif
