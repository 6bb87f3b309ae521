/* SPDX-License-Identifier: MIT */
/* The outputs --html and --plot of a finished run. */
#include "cmd/page.h"

#include "results/plot.h"
#include "base/number.h"
#include "report/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum exit_code page_no_memory(const struct page *p)
{
    if (p->html.name)
        return output_file_report(&p->html, store_errno(ENOMEM));
    fprintf(stderr, "kedge %s: --plot: %s\n", p->html.verb, strerror(ENOMEM));
    return EXIT_LOCAL_FILE;
}

enum exit_code page_open(struct page *p, const char *verb, const char *file, bool plots)
{
    enum exit_code code;

    *p = (struct page){ .plots = plots,
                        .html = { .verb = verb, .option = "--html ", .name = file } };
    if (!file && !plots)
        return EXIT_OK;
    code = file ? output_file_open(&p->html) : EXIT_OK;
    if (code != EXIT_OK)
        return code;
    /* Most of it is never touched, and so never there. */
    p->times = calloc(PROBE_TARGETS_MAX, sizeof *p->times);
    if (p->times)
        return EXIT_OK;
    page_drop(p);
    return page_no_memory(p);
}

void page_count(struct page *p, uint32_t target, const struct probe_stats_event *event,
                kedge_nanos origin, kedge_nanos interval)
{
    struct timeline *t;

    if (!p->times)
        return;
    t = &p->times[target];
    if (t->width == 0)
        t->width = max_u64(interval, KEDGE_MSEC);
    probe_timeline(t, event, origin);
}

enum exit_code page_write(struct page *p, const struct probe_result *r)
{
    if (!p->html.file.out)
        return EXIT_OK;
    if (probe_page(r, p->times, p->html.file.out))
        return output_file_commit(&p->html);
    atomic_file_drop(&p->html.file);
    return page_no_memory(p);
}

void page_plot(const struct page *p, const struct probe_result *r)
{
    const struct plot plot = { .out = stdout,
                               .unicode = terminal_utf8(),
                               .width = terminal_size(STDOUT_FILENO).columns };

    if (p->plots)
        probe_plot(r, p->times, &plot);
}

void page_drop(struct page *p)
{
    atomic_file_drop(&p->html.file);
    free(p->times);
    p->times = NULL;
}
