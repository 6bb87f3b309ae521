/* SPDX-License-Identifier: MIT */
/* The next attempt of a client after a failed one. */
#include "tftp/recover.h"

#include "base/number.h"

enum { BLKSIZE_SAFE = 1228, WINDOW_SMALL = 8 };

void tftp_recovery_init(struct tftp_recovery *r, const struct kedge_tftp_options *asked)
{
    *r = (struct tftp_recovery){ .asked = *asked, .attempts = 1 };
}

static bool change(struct tftp_recovery *r, const char *why)
{
    r->why = why;
    r->stalls = 0;
    return true;
}

static bool refused_options(const struct kedge_tftp_client *c)
{
    bool refused = c->outcome == KEDGE_TFTP_REFUSED || c->outcome == KEDGE_TFTP_FAILED;

    return !c->answered && refused &&
           (c->code == KEDGE_TFTP_UNDEFINED || c->code == KEDGE_TFTP_ILLEGAL ||
            c->code == KEDGE_TFTP_BAD_OPTION);
}

static bool smaller_block(struct tftp_recovery *r)
{
    if (!(r->asked.has & KEDGE_TFTP_HAS_BLKSIZE) ||
        r->asked.blksize <= KEDGE_TFTP_BLKSIZE_DEFAULT)
        return false;
    r->asked.blksize =
        r->asked.blksize > BLKSIZE_SAFE ? BLKSIZE_SAFE : KEDGE_TFTP_BLKSIZE_DEFAULT;
    return change(r, "no block came through: a smaller block size");
}

static bool smaller_window(struct tftp_recovery *r)
{
    if (!(r->asked.has & KEDGE_TFTP_HAS_WINDOWSIZE) || r->asked.windowsize <= 1)
        return false;
    r->asked.windowsize = r->asked.windowsize > WINDOW_SMALL ? WINDOW_SMALL : 1;
    return change(r, "stalled twice at one block: a smaller window");
}

static bool stalled(struct tftp_recovery *r, uint64_t block)
{
    r->stalls = block == r->stalled_at ? r->stalls + 1 : 1;
    r->stalled_at = block;
    if (block == 1 && smaller_block(r))
        return true;
    if (r->stalls >= 2)
        return smaller_window(r);
    r->why = "stalled: once more";
    return true;
}

/* It was killed, or started again, and knows nothing of the transfer. */
static bool went_away(const struct kedge_tftp_client *c)
{
    const struct kedge_tftp_machine *m = &c->machine;

    if (!c->answered)
        return false;
    switch (kedge_tftp_client_outcome(c)) {
    case KEDGE_TFTP_GONE:
        return true;
    case KEDGE_TFTP_TIMEOUT:
        return tftp_was_said_gone(m);
    case KEDGE_TFTP_ABORTED:
        return m->half.code == KEDGE_TFTP_UNKNOWN_TID;
    default:
        return false;
    }
}

bool tftp_was_said_gone(const struct kedge_tftp_machine *m)
{
    return m->half.gone_at != KEDGE_NEVER;
}

bool tftp_recovery_next(struct tftp_recovery *r, const struct kedge_tftp_client *c)
{
    r->went_away = went_away(c);
    if (r->went_away)
        return change(r, "the server went away: asked again");
    if (r->attempts++ >= TFTP_ATTEMPTS_MAX || r->asked.has == 0)
        return false;
    if (refused_options(c)) {
        r->asked.has = 0;
        r->plain = true;
        return change(r, "the server refuses options: a plain request");
    }
    if (!c->answered || kedge_tftp_client_outcome(c) != KEDGE_TFTP_TIMEOUT)
        return false;
    return stalled(r, c->machine.half.base);
}

kedge_nanos tftp_recovery_stall(kedge_nanos patience)
{
    return min_u64(patience / 3, TFTP_STALL);
}

kedge_nanos tftp_recovery_patience(const struct tftp_recovery *r, kedge_nanos patience)
{
    bool more = r->asked.has & (KEDGE_TFTP_HAS_BLKSIZE | KEDGE_TFTP_HAS_WINDOWSIZE) &&
                r->attempts < TFTP_ATTEMPTS_MAX;

    return more ? tftp_recovery_stall(patience) : patience;
}
