/* SPDX-License-Identifier: MIT */
/* What `kedge probe` shows of a run, while it goes on and when it is over, and the exit
 * status that comes of it. What is probed, and how, is not known here. */
#ifndef CMD_PROBE_DISPLAY_H
#define CMD_PROBE_DISPLAY_H

#include "results/lines.h"
#include "cmd/fail_if.h"
#include "results/live.h"
#include "cmd/metrics.h"
#include "cmd/page.h"

struct display_options {
    bool json, jsonl, quiet, plot, verbose;
    const char *html, *prometheus;
    kedge_nanos prometheus_every;
    struct arg_list fail_if;
};

struct probe_display {
    const struct display_options *options;
    struct probe_about about;
    struct probe_lines lines;
    struct checks checks;
    struct page page;
    struct metrics_file metrics;
    struct live live;    /* without targets: none is wanted */
    struct probe *probe; /* while it runs */
};

/* Set the callbacks of the plan, which is not open yet; s stays where it is. False: the
 * line that says which option is wrong was printed. */
KEDGE_MUST_CHECK bool display_plan(struct probe_display *s,
                                   const struct display_options *options,
                                   struct probe_plan *plan);

/* Run the probe, and show what is asked for. What has to be opened for that is opened
 * before the first probe leaves. */
enum exit_code display_run(struct probe_display *s, struct probe *p);

#endif
