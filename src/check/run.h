/* SPDX-License-Identifier: MIT */
/* A run of all checks of a server: sockets, time, and which check is played when. Checks
 * run side by side in one loop, on sockets of their own, where the server serves two at
 * once; those that may kill a server run alone, at the end. Nothing is printed here. */
#ifndef CHECK_RUN_H
#define CHECK_RUN_H

#include "check/play.h"
#include "check/pcap.h"

enum { CHECK_ROWS_MAX = 200, CHECK_WORDS_MAX = 32 };

struct check_run_config {
    struct net_address server;
    const char *prefix; /* in front of all names: "" or "directory/" */
    const char
        *own_file; /* of the server, to be used where the set is not there; or NULL */
    const char *put_name;    /* uploads may be made under names that begin so; or NULL */
    const char *only;        /* ids and groups, or NULL */
    int stop_fd;             /* readable: stop; or -1 */
    struct check_pcap *pcap; /* or NULL */
    void *owner;
    /* `done` of `total` are over, and this one is not; drawn where there is a terminal. */
    void (*progress)(void *owner, uint32_t done, uint32_t total, const char *id);
    /* A row is over: called in the order of the rows. */
    void (*result)(void *owner, const struct check_play *p);
};

enum check_run_end {
    CHECK_RUN_DONE,
    CHECK_RUN_NOBODY, /* no server answers */
    CHECK_RUN_STOPPED,
    CHECK_RUN_NO_MEMORY
};

struct check_run; /* made and freed by check_run_server() */

struct check_counts {
    uint32_t by[CHECK_NOT_TRIED + 1]; /* of each verdict */
    char died_at[128];                /* the check in which the server died; or empty */
    uint64_t packets;
    kedge_nanos lasted;
    bool one_by_one;   /* the server serves one transfer at a time */
    bool set_is_there; /* the files of kedge check --make-files */
    char refusal[160]; /* why uploads were not tried; or empty */
    char own_file[64]; /* why the file that was named cannot be used; or empty */
};

KEDGE_MUST_CHECK enum check_run_end check_run_server(const struct check_run_config *c,
                                                     struct check_counts *counts);

#endif
