/* The results of a probe, for people (a table, a row a target, and a line for what needs
 * a word) and for programs (one JSON document). */
#ifndef ASK_PROBE_SHOW_H
#define ASK_PROBE_SHOW_H

#include "ask/probe.h"

#include <stdio.h>

/* False: no memory. */
KEDGE_MUST_CHECK bool probe_show_table(const struct probe *p, FILE *out);

/* started_ms: wall clock, since 1970 UTC. version: the program's. */
KEDGE_MUST_CHECK bool probe_show_json(const struct probe *p, const char *version,
                                      uint64_t started_ms, FILE *out);

#endif
