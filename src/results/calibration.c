/* SPDX-License-Identifier: MIT */
/* What this host can measure at all, in a line and in JSON. */
#include "results/calibration.h"

static double us(kedge_nanos v)
{
    return (double)v / KEDGE_USEC;
}

void calibration_note(const struct calibration *c, FILE *out)
{
    if (!c->known)
        return;
    if (c->floor > 0)
        fprintf(out, "this host cannot see below %.1f us, a round trip to itself; its",
                us(c->floor));
    else
        fputs("this host's", out);
    fprintf(out,
            " timers are %.1f us late (p50), at most %.1f; its clock's step is %llu ns\n",
            us(c->late), us(c->late_max), (unsigned long long)c->step);
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
