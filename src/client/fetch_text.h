/* SPDX-License-Identifier: MIT */
/* What became of one transfer, in words: for a person's eyes, or as a record. */
#ifndef CLIENT_FETCH_TEXT_H
#define CLIENT_FETCH_TEXT_H

#include "client/fetch.h"
#include "base/bytes.h"

/* How people call the file: its name on this side. Borrowed from job. */
struct kedge_span fetch_label(const struct fetch_job *job);

/* One line each, on standard error. */
void fetch_say_summary(const struct fetch_job *job,
                       const struct kedge_transfer_result *r);
void fetch_say_failure(const struct fetch_job *job,
                       const struct kedge_transfer_result *r);

/* One line of JSON: see report/record.h. */
void fetch_say_record(const struct fetch_job *job, const struct kedge_transfer_result *r,
                      FILE *out);

#endif
