/* SPDX-License-Identifier: MIT */
/* Byte streams over a connected socket, right where the bare calls have traps: a read
 * that is short or interrupted, a write that takes only a part, a peer that is gone
 * (an error here, never SIGPIPE). For blocking sockets; nothing is buffered. */
#ifndef KEDGE_STREAM_H
#define KEDGE_STREAM_H

#include "kedge/endpoint.h"

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The next connection of a listening socket; `peer` may be NULL. The descriptor, which
 * the caller closes; or -errno. Connections that ended before they were accepted are
 * passed over. */
KEDGE_API KEDGE_MUST_CHECK int kedge_accept(int listener, struct kedge_address *peer);

/* What has come, at least one byte, at most size. 0 when the peer has finished sending;
 * -errno (ECONNRESET, ...). */
KEDGE_API KEDGE_MUST_CHECK ssize_t kedge_read_some(int fd, void *buffer, size_t size);

/* All size bytes, however many calls it takes. 0 or -errno (EPIPE, ECONNRESET, ...). */
KEDGE_API KEDGE_MUST_CHECK int kedge_write_all(int fd, const void *bytes, size_t size);

/* Say that nothing more will be sent (TCP: FIN). Reading goes on. 0 or -errno. */
KEDGE_API KEDGE_MUST_CHECK int kedge_shutdown_write(int fd);

#ifdef __cplusplus
}
#endif

#endif
