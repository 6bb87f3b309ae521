/* SPDX-License-Identifier: MIT */
/* One entry of a socket's error queue. */
#ifndef NET_UDP_ERRORS_H
#define NET_UDP_ERRORS_H

#include "net/udp.h"

/* What recvmsg() took from the error queue; its name was to be written into e->to. False:
 * the entry is of another kind (a time stamp), or of none of this socket's peers. */
KEDGE_MUST_CHECK bool udp_error_read(struct msghdr *h, struct udp_error *e);

#endif
