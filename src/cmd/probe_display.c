/* SPDX-License-Identifier: MIT */
/* The display of a probe run: live rows, final table, exit status. */
#include "cmd/probe_display.h"

#include "results/endpoint_text.h"
#include "os/clock.h"
#include "results/table.h"
#include "results/why.h"
#include "os/loop.h"
#include "net/timestamps.h"
#include "report/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum exit_code display_no_memory(void)
{
    fputs("kedge probe: no memory for the results\n", stderr);
    return EXIT_SYSTEM;
}

static enum exit_code write_metrics(struct probe_display *s, const struct probe *p)
{
    struct probe_result now;
    enum exit_code code;

    if (!probe_result_of(&now, p, &s->about))
        return display_no_memory();
    code = metrics_write(&s->metrics, &now, true, clock_now());
    probe_result_free(&now);
    return code;
}

static void tick(void *owner, const struct probe *p)
{
    struct probe_display *s = owner;

    if (metrics_due(&s->metrics, clock_now()))
        (void)write_metrics(s, p);
    if (s->live.targets)
        live_draw(&s->live, p, clock_now());
}

/* Nobody reads the lines any more, and nothing else is made of the run. */
static void stop_if_unread(struct probe_display *s)
{
    if (ferror(stdout) && !s->options->html && !s->options->prometheus)
        probe_stop(s->probe);
}

static void display_settled(void *owner, uint32_t target,
                            const struct probe_stats_event *event)
{
    struct probe_display *s = owner;

    if (s->options->jsonl) {
        probe_lines_probe(&s->lines, target, event);
        stop_if_unread(s);
    }
    if (s->live.targets)
        live_count(&s->live, target, event);
    page_count(&s->page, target, event, s->lines.origin, s->about.interval);
}

/* What goes wrong is named when it does, and not at the end alone. */
static void trouble(void *owner, const struct kedge_endpoint *target, int code,
                    const struct net_address *by)
{
    const struct probe_display *s = owner;
    char text[KEDGE_ENDPOINT_TEXT], who[NET_ADDRESS_TEXT];

    if (s->live.targets || s->options->quiet || s->options->json || s->options->jsonl)
        return;
    fprintf(stderr, "kedge probe: %s: %s%s%s\n", endpoint_shown(target, text),
            why_of_code(code), by->len > 0 ? ", reported by " : "",
            by->len > 0 ? net_address_print_host(by, who) : "");
}

bool display_plan(struct probe_display *s, const struct display_options *options,
                  struct probe_plan *plan)
{
    *s = (struct probe_display){ .options = options };
    s->metrics = (struct metrics_file){ .file = options->prometheus,
                                        .every = options->prometheus_every };
    plan->owner = s;
    plan->tick = tick;
    plan->settled = display_settled;
    plan->trouble = trouble;
    return checks_parse(&s->checks, "probe", &options->fail_if, false);
}

/* Where conditions are given it is for them to say what is good enough. */
static enum exit_code outcome(const struct probe_display *s, const struct probe_result *r)
{
    bool any = false, all = true;

    for (uint32_t i = 0; i < r->count; i++) {
        const struct probe_stats *a = r->views[i].stats;

        any |= a->received > 0;
        all &= a->lost == 0 && a->late == 0 && a->corrupted == 0 && a->received > 0;
    }
    if (!any)
        return EXIT_ALL_FAILED;
    if (s->checks.count > 0)
        return checks_hold(&s->checks, r, NULL) ? EXIT_OK : EXIT_SOME_FAILED;
    return all ? EXIT_OK : EXIT_SOME_FAILED;
}

static enum exit_code show_display(struct probe_display *s, const struct probe_result *r)
{
    enum exit_code page, metrics;
    bool printable = true;

    if (s->options->jsonl)
        probe_lines_end(&s->lines, r);
    else
        printable = s->options->json ? probe_show_json(r, stdout)
                                     : probe_show_table(r, s->options->verbose, stdout);
    page_plot(&s->page, r);
    page = page_write(&s->page, r);
    metrics = metrics_write(&s->metrics, r, false, clock_now());
    if (!printable)
        return display_no_memory();
    page = page == EXIT_OK ? metrics : page;
    return page == EXIT_OK ? outcome(s, r) : page;
}

/* Lines of JSON and rows that are drawn over and over do not go on one terminal. */
static bool wants_rows(const struct display_options *o)
{
    return !o->quiet && terminal_draws(STDERR_FILENO) &&
           !(o->jsonl && isatty(STDOUT_FILENO));
}

static void start_display(struct probe_display *s, const struct probe *p)
{
    if (wants_rows(s->options) && !live_open(&s->live, STDERR_FILENO, p, s->lines.origin))
        fputs("kedge probe: no memory for live rows\n", stderr);
    if (s->options->jsonl)
        probe_lines_start(&s->lines, &s->about);
}

enum exit_code display_run(struct probe_display *s, struct probe *p)
{
    struct probe_result result;
    enum exit_code code;
    int err;

    code = page_open(&s->page, "probe", s->options->html, s->options->plot);
    if (code != EXIT_OK)
        return code;
    s->about = probe_about_of(p, KEDGE_VERSION, clock_wall() / KEDGE_MSEC);
    s->probe = p;
    s->lines = (struct probe_lines){ stdout, p, clock_now() };
    code = s->metrics.file ? write_metrics(s, p) : EXIT_OK;
    if (code != EXIT_OK) {
        page_drop(&s->page);
        return code;
    }
    start_display(s, p);
    err = probe_run(p);
    live_close(&s->live);
    if (err)
        fprintf(stderr, "kedge probe: %s\n", strerror(-err));
    if (probe_result_of(&result, p, &s->about)) {
        code = show_display(s, &result);
        probe_result_free(&result);
    } else {
        code = display_no_memory();
    }
    page_drop(&s->page);
    return err && code == EXIT_OK ? EXIT_SOME_FAILED : code;
}
