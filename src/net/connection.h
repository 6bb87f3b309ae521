/* SPDX-License-Identifier: MIT */
/* Non-blocking calls on connected sockets, for owners on a loop: each does what it can at
 * once. A result below 0 is -errno; -EAGAIN says to wait for readiness. Interruptions and
 * connections that died in the queue are passed over. A peer that is gone is an error
 * (EPIPE, ECONNRESET), never a signal. */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include "kedge/endpoint.h"

#include <sys/types.h>

/* What of a connected socket changes how it is served. */
struct connection_kind {
    int family;
    bool messages; /* each write is one message, and is whole or not at all */
};

/* 0 or -errno. */
KEDGE_MUST_CHECK int connection_nonblocking(int fd);

/* Let this much wait for those who do not read yet, if the kernel allows it. */
void connection_send_buffer(int fd, uint32_t bytes);

/* Let close() throw away what is on its way, and tell the peer by a RST. 0 or -errno. */
KEDGE_MUST_CHECK int connection_reset_at_close(int fd);

/* Make a listening socket (of kedge_listen) non-blocking, and tell its kind. 0 or -errno
 * (EINVAL: it does not listen). */
KEDGE_MUST_CHECK int connection_listener(int listener, struct connection_kind *out);

/* The next connection, non-blocking; the descriptor or -errno. EMFILE, ENFILE, ENOBUFS,
 * ENOMEM: try again after a moment. */
KEDGE_MUST_CHECK int connection_accept(int listener);

/* True if the next descriptor will be below limit. */
bool connection_room(int listener, int limit);

/* Take what has come. 0: the peer has finished sending (or, of messages, an empty one:
 * see connection_is_over). */
KEDGE_MUST_CHECK ssize_t connection_read(int fd, void *buffer, size_t size);

/* Look at what has come, and leave it there. */
KEDGE_MUST_CHECK ssize_t connection_peek(int fd, void *buffer, size_t size);

/* Take n bytes that were looked at (or the message that was). buffer has room for them
 * and may be overwritten. */
void connection_skip(int fd, const struct connection_kind *kind, void *buffer, size_t n);

/* Send a part, or all. */
KEDGE_MUST_CHECK ssize_t connection_write(int fd, const void *bytes, size_t size);

/* The peer will send no more. */
bool connection_is_over(int fd);

#endif
