/* SPDX-License-Identifier: MIT */
/* The live page: one file that asks its own server for /status and for nothing else. Its policy
 * (Content-Security-Policy) names its one script and its one style by their hashes, so that a
 * name that were to become markup after all could still run nothing. */
#ifndef SERVE_STATUS_PAGE_H
#define SERVE_STATUS_PAGE_H

#include "base/bytes.h"

enum { STATUS_PAGE_POLICY = 512 };

/* The bytes last. */
struct kedge_span status_page(void);

/* Returns out. */
const char *status_page_policy(char out[STATUS_PAGE_POLICY]);

#endif
