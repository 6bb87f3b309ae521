/* SPDX-License-Identifier: MIT */
/* The directory as a provider: files below a root are read through the cache, and uploads
 * appear under their names whole or not at all (file/cache.h, file/upload.h). What may block
 * is done by helper threads. Who may have which file a policy says (rules.h); without one
 * all may have all below the one root. */
#ifndef SERVE_TFTP_DIRECTORY_H
#define SERVE_TFTP_DIRECTORY_H

#include "file/cache.h"
#include "file/upload.h"
#include "os/loop.h"
#include "serve/tftp/directory_upload.h"
#include "serve/tftp/judged.h"
#include "serve/tftp/policy_slot.h"
#include "serve/tftp/provider.h"
#include "serve/tftp/seldom.h"
#include "serve/tftp/turn_memory.h"

/* All of it outlives the directory. The helpers' results are collected on the loop's
 * thread (workers_collect), by the owner. */
struct directory_config {
    const struct loop *loop; /* for the time */
    struct workers *workers;
    struct file_cache *files;
    const struct store_root *root;
    struct upload_rules uploads;
    struct policy_slot *policies; /* they go before root and uploads. NULL: none */
    struct seldom *seldom; /* of what lasts, with other directories; NULL: its own */
};

struct directory {
    struct provider provider; /* first */
    struct directory_config config;
    struct turn_memory memory;
    struct judged judged;
    struct gatherers gatherers;
    struct seldom seldom; /* where config has none */
};

/* *d must not move from here on. */
void directory_init(struct directory *d, const struct directory_config *config);
void directory_free(struct directory *d);

#endif
