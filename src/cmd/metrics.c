/* SPDX-License-Identifier: MIT */
/* The file of --prometheus, replaced by a rename at each interval. */
#include "cmd/metrics.h"

#include "base/number.h"
#include "cmd/output_file.h"

bool metrics_due(const struct metrics_file *m, kedge_nanos now)
{
    return m->file && now >= m->next;
}

static struct store_result write_now(struct output_file *f, const struct probe_result *r,
                                     bool running)
{
    struct store_result result = atomic_file_open(&f->file, f->name);

    if (result.error)
        return result;
    probe_metrics(r, running, f->file.out);
    return atomic_file_commit(&f->file);
}

enum exit_code metrics_write(struct metrics_file *m, const struct probe_result *r,
                             bool running, kedge_nanos now)
{
    struct output_file f = { .verb = "probe",
                             .option = "--prometheus ",
                             .name = m->file };
    struct store_result before = m->last;

    if (!m->file)
        return EXIT_OK;
    m->next = add_sat(now, m->every);
    m->last = write_now(&f, r, running);
    if (!m->last.error)
        return EXIT_OK;
    if (m->last.error != before.error || m->last.err != before.err)
        return output_file_report(&f, m->last);
    return m->last.error == STORE_FULL ? EXIT_DISK_FULL : EXIT_LOCAL_FILE;
}
