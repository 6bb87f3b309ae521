/* SPDX-License-Identifier: MIT */
/* Ancillary data of datagrams. */
#ifndef NET_UDP_CONTROL_H
#define NET_UDP_CONTROL_H

#include "net/udp.h"

/* What a piece of it is. */
static inline bool control_is(const struct cmsghdr *c, int level, int type)
{
    return c->cmsg_level == level && c->cmsg_type == type;
}

/* An entry of the error queue. */
static inline bool control_is_error(const struct cmsghdr *c)
{
    return control_is(c, SOL_IP, IP_RECVERR) || control_is(c, SOL_IPV6, IPV6_RECVERR);
}

/* Of a datagram to be sent: point h at `control` (UDP_CONTROL bytes), filled with the
 * local address to leave from and, where segment > 0, with the size of a segment. Neither:
 * no control at all. */
void udp_control_put(struct msghdr *h, uint8_t *control, const struct net_local *local,
                     uint16_t segment);

/* Send one datagram, by the cheaper call where it can say all there is. 0 or an errno. */
KEDGE_MUST_CHECK int udp_send_message(int fd, const struct msghdr *h);

#endif
