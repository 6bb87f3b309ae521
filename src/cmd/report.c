/* SPDX-License-Identifier: MIT */
/* kedge report: runs that `kedge probe --jsonl` wrote, read again: one is shown, two are
 * compared. */
#include "results/compare.h"
#include "results/read.h"
#include "results/table.h"
#include "cmd/fail_if.h"
#include "cmd/page.h"
#include "cmd/printable.h"
#include "cmd/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct report_options {
    bool json, plot, verbose;
    const char *html;
    struct arg_list fail_if;
};

/* A run that is read, and its page. */
struct reading {
    struct probe_record record;
    struct page page;
};

static enum exit_code report_read_error(const char *name,
                                        const struct probe_read_error *error)
{
    fprintf(stderr, "kedge report: %s: ", printable(name, PRINTABLE_NAME).text);
    if (error->line > 0)
        fprintf(stderr, "line %llu: ", (unsigned long long)error->line);
    fprintf(stderr, "%s\n", error->text);
    return EXIT_LOCAL_FILE;
}

static void say_if_cut(const struct probe_record *r, const char *name)
{
    if (!r->whole)
        fprintf(stderr,
                "kedge report: %s: the run was cut off: duplicates and jitter are not "
                "known\n",
                printable(name, PRINTABLE_NAME).text);
}

static void report_settled(void *owner, uint32_t target,
                           const struct probe_stats_event *event)
{
    struct reading *r = owner;

    page_count(&r->page, target, event, 0, r->record.result.about.interval);
}

static enum exit_code read_run(struct probe_record *r, const char *name)
{
    bool is_input = strcmp(name, "-") == 0;
    FILE *in = is_input ? stdin : fopen(name, "re");
    struct probe_read_error error = { 0 };
    bool ok;

    if (!in) {
        snprintf(error.text, sizeof error.text, "%s", strerror(errno));
        return report_read_error(name, &error);
    }
    ok = probe_read(r, in, &error);
    if (!is_input)
        fclose(in);
    if (ok)
        say_if_cut(r, name);
    return ok ? EXIT_OK : report_read_error(name, &error);
}

static enum exit_code report_no_memory(void)
{
    fputs("kedge report: no memory for the results\n", stderr);
    return EXIT_SYSTEM;
}

static enum exit_code show_report(const struct report_options *o,
                                  const struct checks *checks,
                                  const struct probe_result *first,
                                  const struct probe_result *last)
{
    bool fits;

    if (first)
        fits = probe_compare(first, last, stdout);
    else
        fits = o->json ? probe_show_json(last, stdout)
                       : probe_show_table(last, o->verbose, stdout);
    if (!fits)
        return report_no_memory();
    return checks_hold(checks, last, first) ? EXIT_OK : EXIT_SOME_FAILED;
}

static enum exit_code one(const struct report_options *o, const struct checks *checks,
                          const char *name)
{
    struct reading r = { .record = { .settled = report_settled, .owner = &r } };
    enum exit_code code = page_open(&r.page, "report", o->html, o->plot), page;

    if (code != EXIT_OK)
        return code;
    code = read_run(&r.record, name);
    if (code == EXIT_OK) {
        page = page_write(&r.page, &r.record.result);
        code = show_report(o, checks, NULL, &r.record.result);
        page_plot(&r.page, &r.record.result);
        code = page == EXIT_OK ? code : page;
    }
    page_drop(&r.page);
    probe_record_free(&r.record);
    return code;
}

static enum exit_code two(const struct report_options *o, const struct checks *checks,
                          const char *const names[2])
{
    struct probe_record runs[2] = { 0 };
    enum exit_code code = read_run(&runs[0], names[0]);

    if (code == EXIT_OK)
        code = read_run(&runs[1], names[1]);
    if (code == EXIT_OK)
        code = show_report(o, checks, &runs[0].result, &runs[1].result);
    probe_record_free(&runs[0]);
    probe_record_free(&runs[1]);
    return code;
}

static enum exit_code report_verb(const void *options, const struct operands *operands)
{
    const struct report_options *o = options;
    bool compares = operands->count == 2;
    struct checks checks;

    if (compares && (o->json || o->html || o->plot || o->verbose)) {
        fprintf(stderr, "kedge report: --%s takes one file\n",
                o->json   ? "json"
                : o->html ? "html"
                : o->plot ? "plot"
                          : "verbose");
        return EXIT_USAGE;
    }
    if (!checks_parse(&checks, "report", &o->fail_if, compares))
        return EXIT_USAGE;
    return compares ? two(o, &checks, operands->items)
                    : one(o, &checks, operands->items[0]);
}

static const struct report_options defaults = { 0 };

#define FIELD(name) .into = offsetof(struct report_options, name)

static const struct arg args[] = {
    { .name = "json",
      .kind = ARG_FLAG,
      FIELD(json),
      .help = "print the JSON document of kedge probe --json; one file" },
    { .name = "plot",
      .kind = ARG_FLAG,
      FIELD(plot),
      .not_with = "json",
      .help = "draw distribution and timeline below the table; one file" },
    { .name = "html",
      .kind = ARG_TEXT,
      .value = "FILE",
      FIELD(html),
      .help = "also write an HTML page; one file" },
    { .name = "verbose",
      .letter = 'v',
      .kind = ARG_FLAG,
      FIELD(verbose),
      .not_with = "json",
      .help = "also confidence intervals, parts of round trips and clocks; one file" },
    { .name = "fail-if",
      .kind = ARG_TEXTS,
      .value = "CONDITION",
      FIELD(fail_if),
      .help = "exit 1 if CONDITION holds for a target; may be repeated" },
};

const struct verb verb_report = {
    .name = "report",
    .operands = "FILE [FILE]",
    .summary = "show a run that kedge probe --jsonl wrote, or compare two",
    .notes =
        "FILE - is standard input. With two files the second is compared with the "
        "first.\n"
        "A CONDITION is a figure of the table or a key of --json, > or <, and a value:\n"
        "'p99>5ms', 'lost>1%' of the probes sent, 'duplicated>0'; with two files also a\n"
        "change, 'p99>10%'. It applies to the last file.\n"
        "Exit status: 0 no condition holds, 1 one does, 9 a file cannot be read, 64\n"
        "usage.\n",
    .args = args,
    .arg_count = sizeof args / sizeof *args,
    .operands_min = 1,
    .operands_max = 2,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .run = report_verb,
};
