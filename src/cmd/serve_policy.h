/* SPDX-License-Identifier: MIT */
/* The policy of serve and explain: from the policy file, the map file and the command
 * line, which wins. */
#ifndef CMD_SERVE_POLICY_H
#define CMD_SERVE_POLICY_H

#include "cmd/serve_server.h"
#include "file/follow.h"

/* What was read besides the options; embedded, and never moved. */
struct serve_policy {
    struct policy_set set;
    struct store_follow follow;             /* where links may lead; empty: nowhere */
    struct path_rules paths;                /* of options */
    bool used;                              /* there is something to judge by */
    const char *endpoints[CACHE_FILES_MAX]; /* listen = { ... } */
    size_t endpoint_count;
};

/* Read what options name. Options that were not given on the command line take the file's
 * values. Faults go to standard error, each with file and line; then EXIT_USAGE. */
KEDGE_MUST_CHECK enum exit_code serve_policy_open(struct serve_policy *p,
                                                  const char *verb,
                                                  struct serve_options *options);
void serve_policy_close(struct serve_policy *p);

/* Read the same once more: options are what the command line said, and links may lead where
 * the first one said. What stands at the top of the file and is no key of sections keeps its
 * value. NULL: faults went to standard error. The set's release() frees it. */
struct policy_set *serve_policy_again(const struct serve_policy *first,
                                      const struct serve_options *options);

#endif
