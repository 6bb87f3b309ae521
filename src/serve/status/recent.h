/* SPDX-License-Identifier: MIT */
/* What ended last, from several threads; and what ended in each slot of the last ten minutes. It
 * keeps a bounded number of both, and forgets the oldest. */
#ifndef SERVE_STATUS_RECENT_H
#define SERVE_STATUS_RECENT_H

#include "report/record.h"
#include "serve/status/status.h"

#include <pthread.h>

struct status_recent {
    pthread_mutex_t lock;
    uint64_t added;
    struct status_end ends[STATUS_RECENT];
};

/* 0 or -errno. */
KEDGE_MUST_CHECK int status_recent_open(struct status_recent *r);
void status_recent_close(struct status_recent *r);

/* From any thread. Texts are copied, and cut where they are longer than is kept. */
void status_recent_add(struct status_recent *r, const struct transfer_record *record);

/* The newest first; how many. */
size_t status_recent_copy(struct status_recent *r, struct status_end out[STATUS_RECENT]);

/* For one thread. Zero is the start. */
struct status_history {
    struct status_slot before; /* the sums when the last slot ended */
    uint64_t count;            /* of slots that ended */
    struct status_slot slots[STATUS_SLOTS];
};

/* A slot ends, with these sums since the start. */
void status_history_add(struct status_history *h, struct status_slot sums);
size_t status_history_copy(const struct status_history *h,
                           struct status_slot out[STATUS_SLOTS]);

#endif
