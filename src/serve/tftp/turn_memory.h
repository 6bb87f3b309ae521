/* SPDX-License-Identifier: MIT */
/* What was found out of open files in this turn of the loop, and holds for all of it: a storm
 * asks for one file. It opens nothing. For one thread. */
#ifndef SERVE_TFTP_TURN_MEMORY_H
#define SERVE_TFTP_TURN_MEMORY_H

#include "file/cache.h"

struct turn_memory {
    kedge_nanos found_at; /* loop_now() of the turn */
    const struct store_root *root;
    uint64_t generation; /* of the policy that has the root */
    struct root_name name;
    struct cached_file *file;
    kedge_nanos checked_at;
    const struct cached_file *checked;
    bool changed;
};

struct turn_question {
    struct file_cache *files;
    const struct store_root *root;
    uint64_t generation;
    const struct root_name *name;
    kedge_nanos now;
};

/* The file, if it is open: asked of the kernel once a turn for a name. The caller releases
 * it. */
KEDGE_MUST_CHECK struct cached_file *turn_memory_find(struct turn_memory *m,
                                                      const struct turn_question *q);

/* Whether a file that is open was changed: likewise. */
KEDGE_MUST_CHECK bool turn_memory_changed(struct turn_memory *m,
                                          const struct cached_file *file,
                                          kedge_nanos now);

/* A file is held while it is remembered: at the end of each turn. */
void turn_memory_forget(struct turn_memory *m, kedge_nanos now);

#endif
