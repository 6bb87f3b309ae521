/* SPDX-License-Identifier: MIT */
/* What this host can measure at all (probe/calibrate.h), in a line for people and as a
 * member of a document. */
#ifndef RESULTS_CALIBRATION_H
#define RESULTS_CALIBRATION_H

#include "probe/calibrate.h"
#include "report/json.h"

#include <stdio.h>

/* A line, broken where it is longer than so many columns (0: any length); nothing where it
 * is not known. */
void calibration_note(const struct calibration *c, size_t columns, FILE *out);

/* The member "calibration" of a document: null where it is not known. */
void calibration_json(struct json *j, const struct calibration *c);

#endif
