/* SPDX-License-Identifier: MIT */
/* What this host can measure at all, in a line and in JSON. */
#include "results/calibration.h"

#include "report/table.h"

#define LINE_ROOM 256

static double us(kedge_nanos v)
{
    return (double)v / KEDGE_USEC;
}

void calibration_note(const struct calibration *c, size_t columns, FILE *out)
{
    char line[LINE_ROOM], least[64] = "";

    if (!c->known)
        return;
    if (c->floor > 0)
        snprintf(least, sizeof least, "measurement floor %.1f us (loopback round trip); ",
                 us(c->floor));
    snprintf(line, sizeof line,
             "%stimer latency p50 %.1f us, max %.1f us; clock resolution %llu ns", least,
             us(c->late), us(c->late_max), (unsigned long long)c->step);
    table_line(span_of(line), columns, out);
}

void calibration_json(struct json *j, const struct calibration *c)
{
    if (!c->known) {
        json_null(j, "calibration");
        return;
    }
    json_object(j, "calibration");
    json_u64(j, "clock_step_ns", c->step);
    json_object(j, "timer_late_ns");
    json_u64(j, "p50", c->late);
    json_u64(j, "max", c->late_max);
    json_end(j);
    json_u64_known(j, "loopback_ns", c->floor > 0, c->floor);
    json_end(j);
}
