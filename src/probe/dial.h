/* SPDX-License-Identifier: MIT */
/* How a target's socket is made: its name resolved, which is timed, and the socket opened
 * as the plan's path wants it. */
#ifndef PROBE_DIAL_H
#define PROBE_DIAL_H

#include "probe/target.h"

/* All addresses of the target. 0; or -1 with *why set. */
KEDGE_MUST_CHECK int probe_resolve(struct probe_target *t, struct kedge_addresses *out,
                                   struct probe_refusal *why);

/* A socket of the target's kind for one of its addresses, neither bound (but to the path's
 * source) nor connected. The descriptor; or -errno, and *what then names the choice that
 * could not be made, or is empty. */
KEDGE_MUST_CHECK int probe_socket(struct probe_target *t, const struct kedge_address *to,
                                  char what[NET_PATH_WHAT]);

/* The same once, into t->addresses. */
KEDGE_MUST_CHECK int probe_resolve_once(struct probe_target *t,
                                        struct probe_refusal *why);

/* udp and unix-dgram: a socket connected to the first address that can be, from t->at on. The
 * descriptor; or -1 with *why set. */
KEDGE_MUST_CHECK int probe_dial(struct probe_target *t, struct probe_refusal *why);

/* What is sent is marked so; -1 where it is not known. */
void probe_marks(struct probe_target *t, int fd);

#endif
