#include "cmd/page.h"

#include "base/number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum exit_code complain(const struct page *p, int code)
{
    fprintf(stderr, "kedge %s: --html %s: %s\n", p->verb, p->file, strerror(code));
    return code == ENOSPC ? EXIT_DISK_FULL : EXIT_LOCAL_FILE;
}

enum exit_code page_open(struct page *p, const char *verb, const char *file)
{
    int err;

    *p = (struct page){ .verb = verb, .file = file };
    if (!file)
        return EXIT_OK;
    err = whole_open(&p->whole, file);
    if (err)
        return complain(p, -err);
    /* Most of it is never touched, and so never there. */
    p->times = calloc(PROBE_TARGETS_MAX, sizeof *p->times);
    if (p->times)
        return EXIT_OK;
    whole_drop(&p->whole);
    return complain(p, ENOMEM);
}

void page_count(struct page *p, uint32_t target, const struct account_event *event,
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

    if (!p->times)
        return EXIT_OK;
    if (!probe_page(r, p->times, p->whole.out)) {
        page_drop(p);
        return complain(p, ENOMEM);
    }
    err = whole_commit(&p->whole);
    free(p->times);
    p->times = NULL;
    return err ? complain(p, -err) : EXIT_OK;
}

void page_drop(struct page *p)
{
    if (!p->times)
        return;
    whole_drop(&p->whole);
    free(p->times);
    p->times = NULL;
}
