/* SPDX-License-Identifier: MIT */
/* What was carried, and how late: the emulator's own error. */
#ifndef BADLINK_STATS_H
#define BADLINK_STATS_H

#include "badlink.h"

/* Count a delivery that came this much, ns, after it was due. */
void stats_late(struct stats *s, int64_t late);

/* One JSON object on one line, to the file of --stats or to standard output. */
void stats_print(const struct badlink *b);

#endif
