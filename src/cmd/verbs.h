/* SPDX-License-Identifier: MIT */
/* The one table of verbs. To add a verb: write src/cmd/NAME.c with a
 * `const struct verb verb_NAME`, and name it in this list. */
#ifndef CMD_VERBS_H
#define CMD_VERBS_H

#include "cmd/args.h"
#include "cmd/exit_code.h"

#include <stdio.h>

#define VERB_LIST(X)                                                                     \
    X(serve)                                                                             \
    X(explain)                                                                           \
    X(top)                                                                               \
    X(get)                                                                               \
    X(put)                                                                               \
    X(probe)                                                                             \
    X(check)                                                                             \
    X(report)                                                                            \
    X(send)                                                                              \
    X(trace)                                                                             \
    X(help)

#define VERB_DECLARE(name) extern const struct verb verb_##name;
VERB_LIST(VERB_DECLARE)
#undef VERB_DECLARE

/* By name; NULL if there is none. */
const struct verb *verb_find(const char *name);

/* In the order of the list; NULL past its end. */
const struct verb *verb_at(size_t i);

/* All verbs, a line each. */
void help_overview(FILE *out);

/* One line on standard error; returns EXIT_USAGE. */
enum exit_code help_unknown_verb(const char *name);

#endif
