/* SPDX-License-Identifier: MIT */
/* How long a file has its policy. */
#include "serve/tftp/policy_hold.h"

void policy_hold_take(struct policy_hold *h, struct policy_slot *slot)
{
    *h =
        (struct policy_hold){ .slot = slot, .set = slot ? policy_slot_take(slot) : NULL };
}

struct store_result policy_hold_enter(struct policy_hold *h, struct rules *rules,
                                      const struct net_address *client)
{
    struct store_result result = h->set ? rules_enter(h->set, rules, client) : store_ok();

    h->counts = h->set && result.error == STORE_OK && rules->share.set;
    return result;
}

void policy_hold_opened(struct policy_hold *h)
{
    if (!h->set || h->counts)
        return;
    policy_slot_give(h->slot, h->set);
    h->set = NULL;
}

void policy_hold_end(struct policy_hold *h, const struct rules *rules,
                     const struct net_address *client)
{
    if (h->counts)
        rules_leave(h->set, rules, client);
    h->counts = false;
    policy_hold_opened(h);
}
