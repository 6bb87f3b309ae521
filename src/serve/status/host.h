/* SPDX-License-Identifier: MIT */
/* Whether a request's Host header is one that a reader of this server would send. A page of
 * another site can have its own name resolve to a loopback address (DNS rebinding), but its
 * browser says that name here. */
#ifndef SERVE_STATUS_HOST_H
#define SERVE_STATUS_HOST_H

#include "base/bytes.h"
#include "net/address.h"

struct status_bound {
    bool local;            /* a path: no browser gets there, and any host will do */
    const char *host;      /* as the endpoint was written, "" for every address; lasts */
    struct net_address at; /* of the socket */
};

/* HOST or HOST:PORT, an IPv6 address in brackets: localhost, a loopback address, the address
 * that is bound (any address where all are), or the host that the endpoint names. */
KEDGE_MUST_CHECK bool status_host_allowed(const char *host, const struct status_bound *b);

/* Reached from this host only. */
bool status_is_loopback(const struct net_address *at);

#endif
