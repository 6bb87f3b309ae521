/* Why a probe's figures are what they are: what this program did itself, where the peer
 * stood still. In words below the table, and as members of a target's JSON. What was read
 * again from a file may have none of it. */
#ifndef RESULTS_CAUSES_H
#define RESULTS_CAUSES_H

#include "probe/probe.h"
#include "report/json.h"

#include <stdio.h>

void probe_cause_notes(const struct probe_view *v, FILE *out);
void probe_cause_json(struct json *j, const struct probe_view *v);

/* Which way was lost what no refusal explains; v->peer is there. */
struct peer_losses probe_losses(const struct probe_view *v);

#endif
