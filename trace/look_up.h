/* SPDX-License-Identifier: MIT */
/* What the kernel has of a TCP connection whose descriptor is closed. */
#ifndef TRACE_LOOK_UP_H
#define TRACE_LOOK_UP_H

#include "kedge/endpoint.h"
#include "trace/call.h"

/* The state of the connection between two addresses of this network namespace: CLOSED if it
 * has none; UNKNOWN where it does not tell. */
enum tcp_state look_up_tcp(const struct kedge_address *local,
                           const struct kedge_address *remote);

#endif
