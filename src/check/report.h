/* SPDX-License-Identifier: MIT */
/* What a run has found, printed: a line a check, what is wrong below it, a summary; or as
 * JSON, or as JUnit's XML. And what a row is: its rule, why, and a picture of its script.
 * All that came from the wire is escaped. */
#ifndef CHECK_REPORT_H
#define CHECK_REPORT_H

#include "check/run.h"

/* One line, and what was wrong below it. */
void check_report_line(FILE *out, const struct check_play *p);

/* The last lines: how many passed, where the server died, what was not tried. */
void check_report_end(FILE *out, const struct check_counts *counts);

/* One object of JSON, a line: of a check, of the whole. */
void check_report_json(FILE *out, const struct check_play *p);
void check_report_json_end(FILE *out, const struct check_counts *counts);

/* <testcase>: `failed` counts a deviation too where strict. The frame is the caller's. */
void check_report_junit(FILE *out, const struct check_play *p, bool strict);

/* "id  level  section  title" of one row; and all about it. */
void check_report_list(FILE *out, const struct check_row *row);
void check_report_explain(FILE *out, const struct check_row *row);

#endif
