/* SPDX-License-Identifier: MIT */
/* The directories that a policy's roots name, each opened once and kept. Any thread may
 * ask. A directory that is replaced at its path by another is not seen. */
#ifndef SERVE_TFTP_POLICY_ROOTS_H
#define SERVE_TFTP_POLICY_ROOTS_H

#include "file/root.h"
#include "file/upload.h"

#include <pthread.h>

#define POLICY_ROOTS_MAX 1024 /* open at once */

struct policy_root;

struct policy_roots {
    const struct store_follow *follow; /* NULL: links stay below their roots */
    pthread_mutex_t lock;              /* guards what follows */
    struct policy_root *first;
    uint32_t count;
};

void policy_roots_init(struct policy_roots *r);

/* None of its directories is used any more: close them. They may be opened again. */
void policy_roots_close(struct policy_roots *r);

/* The same, for good. */
void policy_roots_free(struct policy_roots *r);

/* The directory path. On success *out stays until policy_roots_close(). One that is not open
 * yet is opened if `open` is set, which blocks; else it is BUSY. Errors: as root_open(),
 * BUSY (POLICY_ROOTS_MAX, no memory). */
KEDGE_MUST_CHECK struct store_result policy_roots_find(struct policy_roots *r,
                                                       struct kedge_span path, bool open,
                                                       const struct store_root **out);

/* Remove what uploads left behind in those that are open (upload_sweep). Blocks: for a helper. */
struct sweep_result policy_roots_sweep(struct policy_roots *r);

#endif
