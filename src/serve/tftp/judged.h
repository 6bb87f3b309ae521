/* SPDX-License-Identifier: MIT */
/* Judges requests, and remembers what came of it: a client that asks for a name again gets the
 * same, as long as the policy is the same. Only by policies that say so (policy_set.remembers),
 * of which nothing else counts: no disk, no neighbour table. For one thread. */
#ifndef SERVE_TFTP_JUDGED_H
#define SERVE_TFTP_JUDGED_H

#include "serve/tftp/rules.h"

#define JUDGED_SLOTS 1024
#define JUDGED_NAME 96 /* longer names are judged each time */

struct judged_slot;

struct judged {
    struct judged_slot *slots; /* owned; NULL: nothing is remembered */
};

/* It may be used again. */
void judged_free(struct judged *j);

/* As rules_judge(); of what is granted the same from memory. base is the same each time. */
void judged_judge(struct judged *j, struct policy_set *set, const struct rules_base *base,
                  const struct provider_request *q, struct rules *out);

#endif
