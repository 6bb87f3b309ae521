/* SPDX-License-Identifier: MIT */
/* Probes as fast as answers come: a few are always under way, and where answers fail to
 * come, still a hundred leave a second. Only for kedge servers that have given their
 * cookie, so that no address is flooded that was not validated. */
#ifndef PROBE_FLOOD_H
#define PROBE_FLOOD_H

#include "probe/target.h"

#define FLOOD_OPEN 64 /* under way, of one target */
#define FLOOD_LEAST (10 * KEDGE_MSEC)
#define FLOOD_INTERVAL (10 * KEDGE_USEC) /* what is remembered is enough for that */

/* Whether it may be flooded. */
bool flood_may(const struct probe_target *t);

/* Send what may leave now; count > 0. True: all have left. */
bool flood_turn(struct probe_target *const targets[], uint32_t count, kedge_nanos *next);

#endif
