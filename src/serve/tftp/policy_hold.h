/* SPDX-License-Identifier: MIT */
/* A file's hold on the policy that it was judged by: until it is open, or as long as it counts among
 * the transfers of its section. */
#ifndef SERVE_TFTP_POLICY_HOLD_H
#define SERVE_TFTP_POLICY_HOLD_H

#include "serve/tftp/policy_slot.h"
#include "serve/tftp/rules.h"

/* All zero: none. */
struct policy_hold {
    struct policy_slot *slot;
    struct policy_set *set; /* NULL: none */
    bool counts;
};

/* Of the policy in force; slot NULL: there is none. */
void policy_hold_take(struct policy_hold *h, struct policy_slot *slot);

/* rules_enter(), where there is a policy. */
KEDGE_MUST_CHECK struct store_result policy_hold_enter(struct policy_hold *h,
                                                       struct rules *rules,
                                                       const struct net_address *client);

/* It is open: the policy's roots are not needed any more. */
void policy_hold_opened(struct policy_hold *h);

/* It is over, or will never be open. */
void policy_hold_end(struct policy_hold *h, const struct rules *rules,
                     const struct net_address *client);

#endif
