/* --html of `kedge probe` and `kedge report`: one file, one page (ask/probe_page.h). */
#ifndef CMD_PAGE_H
#define CMD_PAGE_H

#include "ask/probe_page.h"
#include "cmd/exit_code.h"
#include "report/whole.h"

struct page {
    const char *verb, *file;
    struct whole whole;
    struct timeline *times; /* by a target's number; NULL: no page is wanted */
};

/* Zeroed memory is no page. file: NULL for none. Says on standard error what does not
 * work, as page_write does. */
KEDGE_MUST_CHECK enum exit_code page_open(struct page *p, const char *verb,
                                          const char *file);

/* What became of a probe; origin as its times have it, interval that of the run. */
void page_count(struct page *p, uint32_t target, const struct account_event *event,
                kedge_nanos origin, kedge_nanos interval);

/* Write it, and end it. */
KEDGE_MUST_CHECK enum exit_code page_write(struct page *p, const struct probe_result *r);

/* End it without a file. */
void page_drop(struct page *p);

#endif
