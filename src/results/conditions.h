/* SPDX-License-Identifier: MIT */
/* Conditions on the figures of a run, as --fail-if takes them: `p99>5ms`, `lost>1%`,
 * `received<100`. A figure's name, > or <, and a value: a time with its unit for a time, a
 * number for a count, a percentage of what was sent for a count, or, where two runs are
 * compared, a change in percent for a time (`p99>10%`). Pure. */
#ifndef RESULTS_CONDITIONS_H
#define RESULTS_CONDITIONS_H

#include "results/run.h"

enum check_kind { CHECK_COUNT, CHECK_SHARE, CHECK_TIME, CHECK_CHANGE };

struct check {
    const char *text; /* as given; borrowed */
    const struct figure *figure;
    enum check_kind kind;
    bool above;     /* it fails above the value, else below */
    uint64_t value; /* a count, nanoseconds, or thousandths of a percent */
    bool negative;  /* of CHECK_CHANGE */
};

/* False with *error set, which does not name the option. `compares`: there are two runs. */
KEDGE_MUST_CHECK bool check_parse(struct check *out, const char *text, bool compares,
                                  struct kedge_error *error);

/* Whether the condition fails for that target. What cannot be told fails too. `before` is
 * the same target in the first run, or NULL. *why is then set: "p99 is 7.120 ms". */
struct check_why {
    char text[96];
};
KEDGE_MUST_CHECK bool check_fails(const struct check *c, const struct probe_view *v,
                                  const struct probe_view *before, struct check_why *why);

#endif
