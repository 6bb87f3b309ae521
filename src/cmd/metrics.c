/* SPDX-License-Identifier: MIT */
#include "cmd/metrics.h"

#include "base/number.h"
#include "cmd/printable.h"
#include "report/whole.h"

#include <errno.h>
#include <string.h>

bool metrics_due(const struct metrics_file *m, kedge_nanos now)
{
    return m->file && now >= m->next;
}

static int write_now(const char *file, const struct probe_result *r, bool running)
{
    struct atomic_file whole;
    int err = atomic_file_open(&whole, file);

    if (err)
        return -err;
    probe_metrics(r, running, whole.out);
    return -atomic_file_commit(&whole);
}

enum exit_code metrics_write(struct metrics_file *m, const struct probe_result *r,
                             bool running, kedge_nanos now)
{
    int code;

    if (!m->file)
        return EXIT_OK;
    m->next = add_sat(now, m->every);
    code = write_now(m->file, r, running);
    if (code && code != m->failed)
        fprintf(stderr, "kedge probe: --prometheus %s: %s\n",
                printable(m->file, PRINTABLE_NAME).text, strerror(code));
    m->failed = code;
    if (!code)
        return EXIT_OK;
    return code == ENOSPC ? EXIT_DISK_FULL : EXIT_LOCAL_FILE;
}
