/* SPDX-License-Identifier: MIT */
/* The state of a server on a local socket: each client gets a copy of one document (document.h), a
 * newline, and the end. Nothing that a client says is read. How many there are, and how long
 * each may take, is bounded. */
#ifndef SERVE_STATUS_CONTROL_H
#define SERVE_STATUS_CONTROL_H

#include "os/loop.h"
#include "serve/status/source.h"

enum { STATUS_CONTROL_CLIENTS = 16 };
#define STATUS_CONTROL_LIFE (5 * KEDGE_SEC)

struct status_control;

/* Its source is there until it is closed. 0 or -errno. */
KEDGE_MUST_CHECK int status_control_open(struct status_control **out, struct loop *loop,
                                         const struct status_source *source);

/* Listen there: a socket of kedge_listen_at(), which is its own from then on. 0 or -errno, and
 * then the socket is still the caller's. */
KEDGE_MUST_CHECK int status_control_listen(struct status_control *s, int fd);

/* The source's document is there. */
void status_control_ready(struct status_control *s);

void status_control_close(struct status_control *s);

#endif
