/* SPDX-License-Identifier: MIT */
/* The state of a server by HTTP: /metrics, /status and the live page /, by libmicrohttpd on the
 * caller's loop, no thread. It only reads: methods but GET and HEAD, bodies, and hosts that are
 * none of ours (host.h) are refused. Each client has one answer and is closed. All that a client
 * may take of us is bounded: how many there are, their memory, how long they are silent, how long
 * they stay. Those who ask for one document have one copy of it together. */
#ifndef SERVE_STATUS_HTTP_H
#define SERVE_STATUS_HTTP_H

#include "os/loop.h"
#include "serve/status/host.h"
#include "serve/status/source.h"

enum {
    STATUS_HTTP_CLIENTS = 64,
    STATUS_HTTP_MEMORY = 8 << 10, /* of a client's request, and of our header */
    STATUS_HTTP_SILENCE_S = 5,    /* without a byte moved */
    STATUS_HTTP_LIFE_S = 20,      /* in all */
};

struct status_http;

/* Its source is there until it is closed. 0 or -errno (ENOENT: there is no libmicrohttpd). */
KEDGE_MUST_CHECK int status_http_open(struct status_http **out, struct loop *loop,
                                      const struct status_source *source);

/* Listen there too: a socket of kedge_listen_at(), which is its own from then on. 0 or -errno,
 * and then the socket is still the caller's. */
KEDGE_MUST_CHECK int status_http_listen(struct status_http *h, int fd,
                                        const struct status_bound *bound);

/* The source's document is there. */
void status_http_ready(struct status_http *h);

void status_http_close(struct status_http *h);

#endif
