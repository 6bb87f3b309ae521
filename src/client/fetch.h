/* SPDX-License-Identifier: MIT */
/* A file fetched or sent for a person: kedge/transfer.h with a progress line, and what
 * became of it as a line of text, a record of JSON, or both. */
#ifndef CLIENT_FETCH_H
#define CLIENT_FETCH_H

#include "kedge/transfer.h"

#include <stdio.h>

struct fetch_job {
    const char *verb; /* "get" or "put" */
    bool put;
    struct kedge_endpoint remote;
    const char *path; /* here; `-` is standard output or input */
};

struct fetch_settings {
    struct kedge_transfer_options options; /* progress and owner are set here */
    bool quiet;                            /* only errors */
    FILE *records;                         /* a line of JSON a transfer; NULL: none */
};

/* Run one, and say on standard error how it ended (unless the records go there). True:
 * all is well. *result tells more. */
KEDGE_MUST_CHECK bool fetch_run(const struct fetch_job *job,
                                const struct fetch_settings *settings,
                                struct kedge_transfer_result *result);

#endif
