/* SPDX-License-Identifier: MIT */
/* How a transfer ended, for its caller: numbers from the conversation, and one printable
 * line of why. */
#ifndef TRANSFER_RESULT_H
#define TRANSFER_RESULT_H

#include "transfer/session.h"

/* No conversation: it failed before. */
void transfer_result_error(struct kedge_transfer_result *r, struct transfer_error error);

/* x is over. `took` and `recovered` are left alone. */
void transfer_result_of(struct kedge_transfer_result *r,
                        const struct transfer_session *x);

/* Set r->reason from the rest of *r. A cause on this side is told as "what: why". */
struct fetch_about {
    const char *what; /* the file's name, or "" */
    const char *why;
    struct net_address stranger; /* another host that answered; len 0: none did */
    struct not_understood not_understood;
};
void fetch_result_explain(struct kedge_transfer_result *r,
                          const struct fetch_about *about);

/* One recovery more. */
void fetch_result_recovered(struct kedge_transfer_result *r, const char *why);

/* The last one was none after all. */
void fetch_result_not_recovered(struct kedge_transfer_result *r);

#endif
