/* SPDX-License-Identifier: MIT */
/* What a client tries next when an attempt has failed: some servers refuse options, some
 * links lose large or many packets. Pure policy: attempts in, the next question out. */
#ifndef TFTP_RECOVER_H
#define TFTP_RECOVER_H

#include "kedge/tftp.h"

struct tftp_recovery {
    struct kedge_tftp_options asked; /* of the attempt to make */
    uint64_t stalled_at;             /* the block the last attempt stopped at */
    unsigned stalls;                 /* in a row at that block */
    unsigned attempts;
    bool plain;      /* options were refused, and are left out */
    bool went_away;  /* the server did: it may take a moment to come back */
    const char *why; /* what the last change answers, for the log */
};

enum { TFTP_ATTEMPTS_MAX = 8 };

/* While there is something else to try, an attempt is given up after this much silence; or a
 * third of the user's patience, so that three fit in. */
#define TFTP_STALL (10 * KEDGE_SEC)
kedge_nanos tftp_recovery_stall(kedge_nanos patience);

void tftp_recovery_init(struct tftp_recovery *r, const struct kedge_tftp_options *asked);

/* c is over and has failed. True if r->asked is worth another attempt, as far as the user's
 * patience goes. */
KEDGE_MUST_CHECK bool tftp_recovery_next(struct tftp_recovery *r,
                                         const struct kedge_tftp_client *c);

/* Nothing valid has come since ICMP said that nobody listens at the peer's port. */
KEDGE_MUST_CHECK bool tftp_was_said_gone(const struct kedge_tftp_machine *m);

/* How long an attempt may be silent, when the user allows `patience` in all. */
kedge_nanos tftp_recovery_patience(const struct tftp_recovery *r, kedge_nanos patience);

#endif
