/* SPDX-License-Identifier: MIT */
/* A run of all checks of a client: kedge serves, each check at a port of its own, and starts
 * the client's command for each; or it waits at one port for a client that is started by
 * hand, and plays one check for each request. Nothing is printed here but by callbacks. */
#ifndef CHECK_CLIENT_H
#define CHECK_CLIENT_H

#include "check/run.h"

struct check_client_config {
    const char *const *command; /* its words, with {url} {host} {port} {remote} {local} */
    size_t command_count;       /* 0: a client is started by hand */
    struct net_address at;      /* where to serve; its port only where started by hand */
    const char *only;
    int stop_fd;
    struct check_pcap *pcap;
    void *owner;
    void (*progress)(void *owner, uint32_t done, uint32_t total, const char *id);
    void (*result)(void *owner, const struct check_play *p);
    /* Of one started by hand: this check waits for a request. */
    void (*waits)(void *owner, const struct check_row *row);
};

/* CHECK_RUN_NOBODY: the client never asked, or the command cannot be run: then *err is
 * -errno, else 0. */
KEDGE_MUST_CHECK enum check_run_end check_run_client(const struct check_client_config *c,
                                                     struct check_counts *counts,
                                                     int *err);

/* Whether a command would find its server: it has {url}, or {port}. */
bool check_command_valid(const char *const *command, size_t count);

#endif
