/* SPDX-License-Identifier: MIT */
#include "cmd/page.h"

#include "results/plot.h"
#include "base/number.h"
#include "cmd/printable.h"
#include "report/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum exit_code report_error(const struct page *p, int code)
{
    fprintf(stderr, "kedge %s: --%s%s: %s\n", p->verb, p->file ? "html " : "plot",
            printable(p->file ? p->file : "", PRINTABLE_NAME).text, strerror(code));
    return code == ENOSPC ? EXIT_DISK_FULL : EXIT_LOCAL_FILE;
}

enum exit_code page_open(struct page *p, const char *verb, const char *file, bool plots)
{
    int err;

    *p = (struct page){ .verb = verb, .file = file, .plots = plots };
    if (!file && !plots)
        return EXIT_OK;
    err = file ? atomic_file_open(&p->whole, file) : 0;
    if (err)
        return report_error(p, -err);
    /* Most of it is never touched, and so never there. */
    p->times = calloc(PROBE_TARGETS_MAX, sizeof *p->times);
    if (p->times)
        return EXIT_OK;
    page_drop(p);
    return report_error(p, ENOMEM);
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
    int err;

    if (!p->whole.out)
        return EXIT_OK;
    if (!probe_page(r, p->times, p->whole.out)) {
        atomic_file_drop(&p->whole);
        return report_error(p, ENOMEM);
    }
    err = atomic_file_commit(&p->whole);
    return err ? report_error(p, -err) : EXIT_OK;
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
    if (p->whole.out)
        atomic_file_drop(&p->whole);
    free(p->times);
    p->times = NULL;
}
