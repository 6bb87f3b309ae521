/* The kernel's own times of datagrams, on the wall clock (SO_TIMESTAMPING, in software):
 * when one was handed to the device, and when one came from it. For sockets that send a
 * datagram a call; each that left has a number, counted from 0 since stamps_open. */
#ifndef NET_STAMPS_H
#define NET_STAMPS_H

#include "kedge/base.h"

#include <sys/types.h>

/* The wall clock now, in ns since 1970: what the stamps are of. */
uint64_t stamps_clock(void);

/* Ask for both. 0; or -errno where this kernel or kind of socket has none. */
KEDGE_MUST_CHECK int stamps_open(int fd);

/* recv(), and when it came; *at_ns is 0 where that is not known. */
KEDGE_MUST_CHECK ssize_t stamps_receive(int fd, void *buffer, size_t size,
                                        uint64_t *at_ns);

/* Take one of those that left. False when none is told of. */
KEDGE_MUST_CHECK bool stamps_left(int fd, uint32_t *number, uint64_t *at_ns);

#endif
