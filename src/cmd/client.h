/* SPDX-License-Identifier: MIT */
/* What get and put have in common: their flags, a list of files, and what their ends make
 * of the exit status. */
#ifndef CMD_CLIENT_H
#define CMD_CLIENT_H

#include "client/fetch.h"
#include "cmd/args.h"

#define CLIENT_ANY_MODE UINT32_MAX /* the default of `mode` */

/* The first member of each verb's own struct of options. */
struct client_options {
    uint64_t blksize; /* 0 or ARG_WORD: from the path's MTU */
    uint64_t windowsize;
    kedge_nanos timeout, retry_for;
    uint32_t mode; /* 0 octet, 1 netascii, CLIENT_ANY_MODE */
    bool no_options, v4, v6, json, quiet;
    const char *source, *sha256;
};

#define CLIENT_EXIT_NOTES                                                                \
    "Exit status of one file: 0 done, 3 not found, 4 access refused, 5 another\n"        \
    "error of the server, 6 no answer or progress, 7 connection refused or no\n"         \
    "route, 8 name not resolved, 9 local file, 10 local disk full, 11 wrong size,\n"     \
    "12 wrong SHA-256, 13 no permission, 64 usage. Of several: 1 some failed,\n"         \
    "2 all failed.\n"

/* One file of the list, with room for a name made from the other side's. */
struct client_file {
    struct fetch_job job;
    char path[KEDGE_NAME_MAX + 1];
};

struct client {
    const char *verb;
    const struct client_options *options;
    const struct operands *operands;
    size_t count;       /* files */
    const char *output; /* get's -o, or NULL */

    /* Set out->job (all but `verb`) of the file with that number. False: it was said on
     * standard error what is wrong with it. */
    bool (*make)(const struct client *c, size_t number, struct client_file *out);
};

/* All files, after all of the command line was looked at. */
enum exit_code client_run(const struct client *c);

/* The URL of a file; false: said on standard error. */
KEDGE_MUST_CHECK bool client_remote(const struct client *c, const char *url,
                                    struct kedge_endpoint *out);

/* Say on standard error "kedge VERB: WHAT: WHY", WHAT as it can be shown; false. */
bool client_report_error(const struct client *c, const char *what, const char *why);

/* The last part of a name; "" where there is none that could name a file. */
const char *client_base(const char *name);

#endif
