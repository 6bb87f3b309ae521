/* SPDX-License-Identifier: MIT */
/* Times, sizes, rates and shares in badlink's options, parsed. */
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct unit {
    enum units of;
    const char *name;
    double factor;
} units[] = {
    { UNITS_TIME, "ns", 1 },     { UNITS_TIME, "us", 1e3 },   { UNITS_TIME, "ms", 1e6 },
    { UNITS_TIME, "s", 1e9 },    { UNITS_SIZE, "b", 1 },      { UNITS_SIZE, "kb", 1e3 },
    { UNITS_SIZE, "mb", 1e6 },   { UNITS_RATE, "bit", 1 },    { UNITS_RATE, "kbit", 1e3 },
    { UNITS_RATE, "mbit", 1e6 }, { UNITS_RATE, "gbit", 1e9 }, { UNITS_CHANCE, "%", 0.01 },
    { UNITS_CHANCE, "", 1 },     { UNITS_COUNT, "", 1 },
};

bool quantity(const char *text, enum units of, double *out)
{
    char *end;
    double x = strtod(text, &end);

    if (end == text || !(x >= 0) || isinf(x))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].of != of || (strcmp(end, units[i].name) != 0 && (x > 0 || *end)))
            continue;
        *out = x * units[i].factor;
        return of != UNITS_CHANCE || *out <= 1;
    }
    return false;
}
