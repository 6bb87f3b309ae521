/* SPDX-License-Identifier: MIT */
/* The error queue of a UDP socket, read entry by entry. */
#include "net/udp_errors.h"

#include "base/number.h"
#include "net/udp_control.h"

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <string.h>

/* Who says so: a router, or the peer. What is local is said by nobody. */
static void take_offender(const struct cmsghdr *c, struct udp_error *e)
{
    struct kedge_address any = { .len = sizeof any.storage };
    size_t at = sizeof(struct sock_extended_err);
    size_t room = c->cmsg_len - CMSG_LEN(0);

    if (room <= at)
        return;
    any.len = (socklen_t)min_u64(room - at, sizeof any.storage);
    memcpy(&any.storage, CMSG_DATA(c) + at, any.len);
    if (!net_address_from(&any, &e->by))
        e->by.len = 0;
}

bool udp_error_read(struct msghdr *h, struct udp_error *e)
{
    struct sock_extended_err err;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (!control_is_error(c) || c->cmsg_len < CMSG_LEN(sizeof err))
            continue;
        memcpy(&err, CMSG_DATA(c), sizeof err);
        e->code = (int)err.ee_errno;
        e->origin = err.ee_origin;
        e->type = err.ee_type;
        e->subtype = err.ee_code;
        e->info = err.ee_info;
        e->to.len = h->msg_namelen;
        take_offender(c, e);
        return h->msg_namelen > 0 && err.ee_origin >= SO_EE_ORIGIN_LOCAL &&
               err.ee_origin <= SO_EE_ORIGIN_ICMP6;
    }
    return false;
}

unsigned udp_drain_errors(int fd, void (*tell)(void *owner, const struct udp_error *e),
                          void *owner)
{
    _Alignas(8) uint8_t control[512];
    unsigned told = 0;

    for (unsigned i = 0; i < UDP_BATCH; i++) {
        struct udp_error e = { 0 };
        struct msghdr h = { .msg_name = &e.to.u,
                            .msg_namelen = sizeof e.to.u,
                            .msg_control = control,
                            .msg_controllen = sizeof control };

        if (recvmsg(fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            break;
        if (!udp_error_read(&h, &e))
            continue;
        tell(owner, &e);
        told++;
    }
    return told;
}

bool udp_error_is_refusal(const struct udp_error *e)
{
    if (e->origin == SO_EE_ORIGIN_ICMP)
        return e->type == ICMP_DEST_UNREACH && e->subtype == ICMP_PORT_UNREACH;
    return e->origin == SO_EE_ORIGIN_ICMP6 && e->type == ICMPV6_DEST_UNREACH &&
           e->subtype == ICMPV6_PORT_UNREACH;
}

bool udp_error_is_prohibition(const struct udp_error *e)
{
    if (e->origin == SO_EE_ORIGIN_ICMP)
        return e->type == ICMP_DEST_UNREACH &&
               (e->subtype == ICMP_NET_ANO || e->subtype == ICMP_HOST_ANO ||
                e->subtype == ICMP_PKT_FILTERED);
    return e->origin == SO_EE_ORIGIN_ICMP6 && e->type == ICMPV6_DEST_UNREACH &&
           (e->subtype == ICMPV6_ADM_PROHIBITED || e->subtype == ICMPV6_POLICY_FAIL);
}

bool udp_error_is_expiry(const struct udp_error *e)
{
    if (e->origin == SO_EE_ORIGIN_ICMP)
        return e->type == ICMP_TIME_EXCEEDED && e->subtype == ICMP_EXC_TTL;
    return e->origin == SO_EE_ORIGIN_ICMP6 && e->type == ICMPV6_TIME_EXCEED &&
           e->subtype == ICMPV6_EXC_HOPLIMIT;
}
