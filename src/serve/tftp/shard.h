/* SPDX-License-Identifier: MIT */
/* A shard: all that serves TFTP on one thread. It shares nothing with its like but the
 * directory that is served and the log. The kernel deals requests out among the shards by
 * the peer's address and port (SO_REUSEPORT): a request that is repeated, and in
 * single-port mode every packet of a transfer, comes to the same one. So no shard closes a
 * socket before all of them are through, for that would deal them out anew.
 *
 * Life, on the caller's thread: open, serve, listen (tftp_service_listen: all shards,
 * before one starts), start, run or spawn, stop, end, join, close, free. One shard may be
 * run by the caller itself, and other services may use its loop. */
#ifndef SERVE_TFTP_SHARD_H
#define SERVE_TFTP_SHARD_H

#include "serve/tftp/directory.h"
#include "serve/tftp/live.h"
#include "serve/tftp/service.h"

#include <stdatomic.h>

enum {
    SHARDS_MAX = 64,
    SHARD_FILES_FEWEST = 64,
    SHARD_HELPERS = 4,
    SHARD_HELPERS_MOST = 32
};

/* Transfers of one shard. */
struct shard_state {
    uint64_t running;
    uint64_t done, failed; /* since the start; counters.h says which */
};

struct shard {
    struct loop loop;
    struct tftp_service *tftp; /* NULL: it serves none */

    /* Its own. */
    struct loop_waker waker;
    struct loop_hook hook;
    struct workers workers;
    bool workers_open;
    struct loop_watch helpers; /* something of the workers is done */
    struct loop_timer trim;    /* closes files that nobody reads any more */
    bool trims;                /* it is set */
    struct loop_timer relief;  /* for jobs that wait behind others which hang */
    bool relieves;             /* it is set */
    struct file_cache files;
    uint32_t tftp_room; /* transfers at once: no more files can be open */
    struct cached_file *file_slots;
    struct cached_file **file_buckets;
    struct directory directory;
    pthread_t thread;
    bool spawned;
    int err;           /* of its loop, once joined */
    atomic_int wanted; /* enum shard_wish, as last asked for */
    atomic_bool idle;  /* it was asked to stop, and nothing is open any more */
    atomic_uint asked; /* how often, for its state */
    atomic_uint answered;
    struct shard_state state; /* the shard's while asked is ahead, else the asker's */
    atomic_uint view_asked;   /* the same of what it has open */
    atomic_uint view_answered;
    struct tftp_live *view;
    size_t view_room, view_count;
};

/* 0 or -errno (EMFILE, ENFILE, ENOMEM). *s must not move from here on. */
KEDGE_MUST_CHECK int shard_open(struct shard *s);

/* Make its TFTP service: *config, where loop and provider are left to this, over a directory,
 * of which root and uploads are set. 0 or -errno. */
KEDGE_MUST_CHECK int shard_serve(struct shard *s, const struct tftp_config *config,
                                 const struct directory_config *directory);

/* Begin to serve, helpers first: after privileges were given up. 0 or -errno. */
KEDGE_MUST_CHECK int shard_start(struct shard *s, struct tftp_recorder recorder);

/* Turn its loop until the end: in this thread, or in one of its own, where every signal of
 * this thread's mask is blocked too. If a spawned loop fails, the process gets SIGTERM. 0
 * or -errno. */
KEDGE_MUST_CHECK int shard_run(struct shard *s);
KEDGE_MUST_CHECK int shard_spawn(struct shard *s);

/* From any thread. Take no new request; and whether what was open has ended since. */
void shard_stop(struct shard *s);
bool shard_idle(const struct shard *s);

/* From one thread, another one or its own: ask for its state. It answers at its next turn, and
 * until then is not asked again. False: it has not turned since, and *out is as it was. */
void shard_ask(struct shard *s);
KEDGE_MUST_CHECK bool shard_answered(const struct shard *s, struct shard_state *out);

/* The same for the transfers that it has open, of which rows is to have room at most. rows is
 * the shard's until it has answered, or has been joined. */
void shard_ask_view(struct shard *s, struct tftp_live *rows, size_t room);
KEDGE_MUST_CHECK bool shard_viewed(const struct shard *s, size_t *count);

/* End its loop, from any thread; and wait for its own thread, if it has one: 0, or the
 * -errno that its loop ended by. */
void shard_end(struct shard *s);
int shard_join(struct shard *s);

/* After the join. The peers of what is still open are told, and its sockets closed. Then
 * helpers finish, within a second: false if one hangs, and then nothing may be freed. */
void shard_close(struct shard *s);
KEDGE_MUST_CHECK bool shard_free(struct shard *s);

#endif
