/* SPDX-License-Identifier: MIT */
/* Where those who answer questions about a server have the answers from. */
#ifndef SERVE_STATUS_SOURCE_H
#define SERVE_STATUS_SOURCE_H

#include "serve/status/status.h"

struct status_source {
    /* True: the document is as new as it need be. False: it is being made, and who asked is
     * called when it is there. */
    bool (*ask)(void *owner);
    /* Borrowed, until the next one is made. */
    struct kedge_span (*document)(void *owner);
    void (*figures)(void *owner, struct status_figures *out);
    void *owner;
};

#endif
