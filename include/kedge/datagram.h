/* SPDX-License-Identifier: MIT */
/* Datagrams over a bound or dialled socket (udp, unix-dgram). Each call moves one whole
 * datagram; it may be empty. For blocking sockets. */
#ifndef KEDGE_DATAGRAM_H
#define KEDGE_DATAGRAM_H

#include "kedge/endpoint.h"

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The next datagram; `from` may be NULL. Its length; or -errno: EMSGSIZE when it was
 * longer than size (the rest is gone), ECONNREFUSED on a dialled socket whose peer's port
 * is closed, EAGAIN after the socket's receive timeout. */
KEDGE_API KEDGE_MUST_CHECK ssize_t kedge_receive_from(int fd, void *buffer, size_t size,
                                                      struct kedge_address *from);

/* One datagram to `to`; NULL: to the peer that was dialled. 0 or -errno. */
KEDGE_API KEDGE_MUST_CHECK int kedge_send_to(int fd, const void *bytes, size_t size,
                                             const struct kedge_address *to);

/* Let receiving give up after so long (KEDGE_NEVER: wait for ever). 0 or -errno. */
KEDGE_API KEDGE_MUST_CHECK int kedge_receive_timeout(int fd, kedge_nanos timeout);

#ifdef __cplusplus
}
#endif

#endif
