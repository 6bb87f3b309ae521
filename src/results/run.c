/* SPDX-License-Identifier: MIT */
/* A run made of a probe. */
#include "results/run.h"

#include "report/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

static void host(struct probe_about *about)
{
    struct utsname u;

    if (uname(&u) < 0)
        return;
    snprintf(about->name, sizeof about->name, "%.65s", u.nodename);
    snprintf(about->system, sizeof about->system, "%.65s", u.sysname);
    snprintf(about->release, sizeof about->release, "%.65s", u.release);
    snprintf(about->machine, sizeof about->machine, "%.65s", u.machine);
}

struct probe_about probe_about_of(const struct probe *p, const char *version,
                                  uint64_t started_ms)
{
    const struct probe_plan *plan = probe_plan_of(p);
    struct probe_about about = { .count = plan->count,
                                 .duration = plan->duration,
                                 .interval = plan->interval,
                                 .timeout = plan->timeout,
                                 .size = plan->size,
                                 .poisson = plan->poisson,
                                 .calibration = *probe_calibration_of(p) };
    struct writer w = { .ptr = (uint8_t *)about.started, .room = ABOUT_TEXT - 1 };

    host(&about);
    record_time(&w, started_ms);
    snprintf(about.kedge, sizeof about.kedge, "%s", version);
    return about;
}

bool probe_result_of(struct probe_result *out, const struct probe *p,
                     const struct probe_about *about)
{
    uint32_t count = probe_targets(p);
    struct probe_view *views = calloc(count + 1, sizeof *views);

    if (!views)
        return false;
    for (uint32_t i = 0; i < count; i++)
        views[i] = probe_target_view(p, i);
    *out = (struct probe_result){ *about, views, count };
    return true;
}

void probe_result_free(struct probe_result *r)
{
    free(r->views);
    *r = (struct probe_result){ 0 };
}
