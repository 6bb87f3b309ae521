/* SPDX-License-Identifier: MIT */
/* The length of a receiver's sleep, computed from how windows arrive. */
#include "transfer/gather.h"

#include "base/number.h"

enum { WINDOW_MIN = 8, LEARN = 8 };

static const kedge_nanos sleep_min = 40 * KEDGE_USEC;
static const kedge_nanos sleep_max = KEDGE_MSEC;
static const kedge_nanos late = 50 * KEDGE_USEC; /* the slack of a timer, by default */

kedge_nanos gather_sleep(const struct gather *g, const struct kedge_tftp_receiver *r)
{
    uint64_t left = sub_sat(r->half.terms.window, r->in_window);
    kedge_nanos most = min_u64(left * g->apart / 2, sleep_max + late);

    if (r->half.terms.window < WINDOW_MIN || r->in_window == 0 || most < sleep_min + late)
        return 0;
    return most - late;
}

void gather_note(struct gather *g, uint64_t blocks, enum gather_at at, kedge_nanos now)
{
    kedge_nanos apart = blocks ? min_u64((now - g->heard) / blocks, sleep_max) : 0;

    if (blocks > 0 && at != GATHER_BEGIN)
        g->apart = g->apart - g->apart / LEARN + (at == GATHER_END ? 0 : apart / LEARN);
    g->heard = now;
}
