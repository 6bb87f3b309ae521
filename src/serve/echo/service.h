/* SPDX-License-Identifier: MIT */
/* The small services under one face: what `kedge serve` holds for each echo and reply
 * socket, whatever kind it is of. (TFTP is a house of its own: serve/tftp/service.h.) */
#ifndef SERVE_ECHO_SERVICE_H
#define SERVE_ECHO_SERVICE_H

#include "serve/echo/local.h"
#include "serve/echo/tcp.h"
#include "serve/echo/udp.h"
#include "serve/echo/reply.h"

struct service_config {
    struct loop *loop;
    struct echo_tcp_limits limits; /* of each service on connections */
    uint8_t *buffer;               /* ECHO_BUFFER bytes, for all services of this loop */
    const struct store_key *key;   /* of probes, stays the caller's; NULL: none */
    const char *reply;             /* what reply+udp says; stays the caller's */
};

struct service;

/* Serve a socket of kedge_listen_at(e): echo+tcp, echo+udp, echo+unix, echo+unix-dgram,
 * echo+unix-seqpacket, reply+udp. The socket is the service's from then on. 0, and the
 * caller frees it by service_close; or -errno (ENOMEM, ...; EINVAL: not one of these),
 * and then the socket is still the caller's. */
KEDGE_MUST_CHECK int service_open(struct service **out, const struct service_config *c,
                                  const struct kedge_endpoint *e, int fd);

/* Another UDP port that this program listens on: no datagram from there is answered. */
void service_own_port(struct service *s, uint16_t port);

/* Take nothing new, and finish what is open. */
void service_stop(struct service *s);

/* Connections that are still open. After service_stop, at 0 it may be closed. */
unsigned service_busy(const struct service *s);

/* What it did so far, as one line; returns out. */
const char *service_summary(const struct service *s, char out[SERVE_SUMMARY]);

/* End what is left, and free it. */
void service_close(struct service *s);

#endif
