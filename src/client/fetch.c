/* SPDX-License-Identifier: MIT */
/* One file fetched or sent with a progress line and a report at its end. */
#include "client/fetch.h"

#include "client/fetch_text.h"
#include "os/clock.h"
#include "report/progress.h"
#include "tftp/patience.h"

#include <string.h>

static bool watch_progress(void *owner, uint64_t bytes, uint64_t size)
{
    struct progress *bar = owner;

    bar->total = size;
    progress_update(bar, bytes, clock_now());
    return true;
}

bool fetch_run(const struct fetch_job *job, const struct fetch_settings *settings,
               struct kedge_transfer_result *result)
{
    struct kedge_transfer_options options = settings->options;
    struct progress bar;
    bool ok;

    progress_start(&bar, fileno(stderr), settings->quiet, fetch_label(job), clock_now());
    if (bar.on) {
        bar.patience = patience(&(struct kedge_tftp_terms){
            .timeout = options.timeout, .patience = options.patience });
        options.progress = watch_progress;
        options.owner = &bar;
    }
    ok = job->put ? kedge_put(job->path, &job->remote, &options, result)
                  : kedge_get(&job->remote, job->path, &options, result);
    progress_end(&bar);
    if (settings->records)
        fetch_say_record(job, result, settings->records);
    if (settings->records == stderr)
        return ok;
    if (!ok)
        fetch_say_failure(job, result);
    else if (!settings->quiet)
        fetch_say_summary(job, result);
    return ok;
}
