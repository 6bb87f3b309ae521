/* SPDX-License-Identifier: MIT */
/* A file of the server's own, read once in plain lock-step, so that checks can be played
 * with it where the set of kedge's files is not there. */
#ifndef CHECK_LEARN_H
#define CHECK_LEARN_H

#include "check/files.h"
#include "net/address.h"

enum { CHECK_LEARN_LEAST = 1537 }; /* four blocks: what the scripts of "any" need */

/* At most CHECK_LEARN_MAX bytes are kept; the bytes of *out are the caller's to free. False:
 * it cannot be read, or is too short or too long; *why says so. */
KEDGE_MUST_CHECK bool check_learn(const struct net_address *server,
                                  const struct net_address *source, const char *name,
                                  struct check_file *out, const char **why);

#endif
