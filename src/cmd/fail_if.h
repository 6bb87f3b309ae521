/* SPDX-License-Identifier: MIT */
/* --fail-if of `kedge probe` and `kedge report`: what was given, and the lines it leads
 * to on standard error. */
#ifndef CMD_FAIL_IF_H
#define CMD_FAIL_IF_H

#include "results/conditions.h"
#include "cmd/args.h"

struct checks {
    const char *verb;
    struct check items[ARG_LIST_MAX];
    uint32_t count;
};

/* Read what was given for `verb`. False: the line that says which is wrong was printed.
 * The texts stay the list's. */
KEDGE_MUST_CHECK bool checks_parse(struct checks *out, const char *verb,
                                   const struct arg_list *given, bool compares);

/* Judge each target of `after`, a line for each condition that fails; before: NULL when
 * there is one run. True if none does. */
KEDGE_MUST_CHECK bool checks_hold(const struct checks *c,
                                  const struct probe_result *after,
                                  const struct probe_result *before);

#endif
