/* SPDX-License-Identifier: MIT */
/* The results of a probe, for people (a table, a row a target, and below it what
 * needs a word) and for programs (one JSON document). */
#ifndef RESULTS_TABLE_H
#define RESULTS_TABLE_H

#include "results/run.h"
#include "report/json.h"

#include <stdio.h>

/* False: no memory. verbose: also how far the percentiles can be trusted, parts of round
 * trips, and what this host can measure. On a terminal, as wide as that. */
KEDGE_MUST_CHECK bool probe_show_table(const struct probe_result *r, bool verbose,
                                       FILE *out);
KEDGE_MUST_CHECK bool probe_show_json(const struct probe_result *r, FILE *out);

/* Parts of the JSON document, within an object that is open: "host" and "run"; and the
 * members of one target. Each needs at most PROBE_JSON_ROOM bytes. */
#define PROBE_JSON_ROOM ((size_t)16384)
void probe_json_about(struct json *j, const struct probe_about *about);
void probe_json_target(struct json *j, const struct probe_view *v);

/* A whole document: those two, and "targets", of which member() writes what stands in each
 * one's object. False: no memory, or a target with more than its room. */
KEDGE_MUST_CHECK bool probe_json_document(const struct probe_about *about, uint32_t count,
                                          void (*member)(struct json *j, const void *all,
                                                         uint32_t which),
                                          const void *all, FILE *out);

#endif
