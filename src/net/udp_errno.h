/* SPDX-License-Identifier: MIT */
/* Which errors of send and receive on a shared socket say nothing about that datagram:
 * an ICMP message about an earlier one, to whomever it was. */
#ifndef NET_UDP_ERRNO_H
#define NET_UDP_ERRNO_H

#include <errno.h>
#include <stdbool.h>

static inline bool udp_errno_is_anothers(int code)
{
    return code == ECONNREFUSED || code == EHOSTUNREACH || code == ENETUNREACH ||
           code == EMSGSIZE || code == EHOSTDOWN || code == ENETDOWN ||
           code == ENOPROTOOPT || code == EPROTO || code == EACCES;
}

/* A call that this kernel is too old for, or that a container's filter refuses. */
static inline bool udp_errno_is_filter(int code)
{
    return code == ENOSYS || code == EPERM;
}

#endif
