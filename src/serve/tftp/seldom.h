/* SPDX-License-Identifier: MIT */
/* What lasts is said once a minute, however often it is met. It says nothing itself. Any
 * number of threads may ask. */
#ifndef SERVE_TFTP_SELDOM_H
#define SERVE_TFTP_SELDOM_H

#include "kedge/base.h"

#include <pthread.h>

#define SELDOM_EVERY (60 * KEDGE_SEC)
#define SELDOM_SUBJECTS 16 /* at once; of more nothing is said */

struct seldom {
    pthread_mutex_t lock; /* guards what follows */
    struct seldom_subject {
        const void *what; /* NULL: free */
        uint64_t version;
        kedge_nanos said;
    } subjects[SELDOM_SUBJECTS];
};

void seldom_init(struct seldom *s);
void seldom_free(struct seldom *s);

/* Whether it may be said of `what` now: the first time, and a minute later. what is a name
 * only; where another may have come to its address since, version differs. */
KEDGE_MUST_CHECK bool seldom_may_say(struct seldom *s, const void *what, uint64_t version,
                                     kedge_nanos now);

#endif
