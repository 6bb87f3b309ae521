/* SPDX-License-Identifier: MIT */
/* Which jobs of helpers may hang together (os/workers.h). */
#ifndef SERVE_TFTP_JOB_GROUP_H
#define SERVE_TFTP_JOB_GROUP_H

#include "file/root.h"
#include "net/address.h"

/* Those of what lies below one directory of the root, a mount perhaps. A link in the root may
 * lead to a mount too, so that each name there is a group of its own. Uploads, which wait
 * for the disk, are none of who reads. root: NULL if it is not known yet. */
uint32_t job_group(const struct store_root *root, struct kedge_span name, bool writes);

/* Those that may take seconds for a client, which are done one by one for its network: a /24,
 * or a /56 of IPv6. */
uint32_t job_group_network(const struct net_address *client);

#endif
