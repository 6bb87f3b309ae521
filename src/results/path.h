/* What a report says of the way to a target that is no round trip: what came before the
 * first probe, and the marks that packets carry. */
#ifndef RESULTS_PATH_H
#define RESULTS_PATH_H

#include "probe/probe.h"
#include "report/json.h"

#include <stdio.h>

void probe_way_notes(const struct probe_view *v, FILE *out);

/* The members of the target's JSON: before_ns, marks. */
void probe_way_json(struct json *j, const struct probe_view *v);

#endif
