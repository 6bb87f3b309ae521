/* SPDX-License-Identifier: MIT */
/* Ancillary data of datagrams, parsed and written (cmsg). */
#include "net/udp_control.h"

#include <errno.h>
#include <string.h>

static void append_control(struct msghdr *h, int level, int type, struct kedge_span data)
{
    struct cmsghdr c = { .cmsg_len = CMSG_LEN(data.len),
                         .cmsg_level = level,
                         .cmsg_type = type };
    uint8_t *at = (uint8_t *)h->msg_control + h->msg_controllen;

    KEDGE_ASSERT(h->msg_controllen + CMSG_SPACE(data.len) <= UDP_CONTROL);
    memset(at, 0, CMSG_SPACE(data.len));
    memcpy(at, &c, sizeof c);
    memcpy(at + CMSG_LEN(0), data.ptr, data.len);
    h->msg_controllen += CMSG_SPACE(data.len);
}

/* The interface is left to the routes: the way back need not be the way in. Only a
 * link-local address means nothing without it. */
static void append_local(struct msghdr *h, const struct net_local *local)
{
    const struct net_address *a = &local->address;

    if (a->u.any.sa_family == AF_INET) {
        struct in_pktinfo info = { .ipi_spec_dst = a->u.v4.sin_addr };

        append_control(h, SOL_IP, IP_PKTINFO,
                       (struct kedge_span){ (const uint8_t *)&info, sizeof info });
    } else {
        struct in6_pktinfo info = { .ipi6_addr = a->u.v6.sin6_addr };

        if (net_address_is_link_local(a))
            info.ipi6_ifindex = local->ifindex;
        append_control(h, SOL_IPV6, IPV6_PKTINFO,
                       (struct kedge_span){ (const uint8_t *)&info, sizeof info });
    }
}

void udp_control_put(struct msghdr *h, uint8_t *control, const struct net_local *local,
                     uint16_t segment)
{
    h->msg_control = control;
    h->msg_controllen = 0;
    if (local && local->address.len > 0)
        append_local(h, local);
    if (segment > 0)
        append_control(h, IPPROTO_UDP, UDP_SEGMENT,
                       (struct kedge_span){ (const uint8_t *)&segment, sizeof segment });
    if (h->msg_controllen == 0)
        h->msg_control = NULL;
}

int udp_send_message(int fd, const struct msghdr *h)
{
    const struct iovec *v = h->msg_iov;
    ssize_t n;

    if (h->msg_iovlen == 1 && !h->msg_control)
        n = sendto(fd, v->iov_base, v->iov_len, MSG_DONTWAIT, h->msg_name,
                   h->msg_namelen);
    else
        n = sendmsg(fd, h, MSG_DONTWAIT);
    return n < 0 ? errno : 0;
}
