/* SPDX-License-Identifier: MIT */
/* What `kedge serve` tells the service manager that started it: that it is ready, that it
 * reads its policy again, that it stops, its numbers, and, where the manager keeps a
 * watchdog, that every one of its threads still turns. Without a manager it does nothing.
 * Nothing here waits: what the manager has no room for is sent later. */
#ifndef CMD_SERVE_NOTIFY_H
#define CMD_SERVE_NOTIFY_H

#include "os/loop.h"
#include "os/notify.h"
#include "serve/tftp/shard.h"

enum { SERVE_STATUS = 128 };

/* What is told about; all of it outlives the struct below. */
struct serve_notify_about {
    struct shard *shards; /* the first one's loop is the caller's */
    unsigned shard_count;
    bool tftp;                         /* they serve it */
    bool (*is_reloading)(void *owner); /* NULL: never */
    void *reloading_owner;
};

struct serve_notify {
    struct notify manager;
    struct serve_notify_about about;
    struct loop_timer timer;
    unsigned owed;       /* states not told yet, a bit each */
    bool reloading;      /* it was told, and is not over */
    kedge_nanos ping_at; /* the next WATCHDOG=1 */
    struct shard_state sum;
    char status[SERVE_STATUS]; /* told last */
};

/* Find the manager; before threads, and before privileges are given up. False where one is
 * named but cannot be told: then *err is why, and the server may go on untold. */
KEDGE_MUST_CHECK bool serve_notify_open(struct serve_notify *n, int *err);

/* True if there is a manager, which may then send SIGHUP for a reload. */
bool serve_notify_has_manager(const struct serve_notify *n);

/* True if it is found by an abstract name. */
bool serve_notify_is_abstract(const struct serve_notify *n);

/* All is bound, and the shards are started: from now on tell the manager. 0 or -errno. */
KEDGE_MUST_CHECK int serve_notify_ready(struct serve_notify *n,
                                        const struct serve_notify_about *about);

/* A reload has begun; its end is looked for by is_reloading. */
void serve_notify_reloading(struct serve_notify *n);
void serve_notify_stopping(struct serve_notify *n);

/* Before the shards are closed. */
void serve_notify_close(struct serve_notify *n);

#endif
