/* SPDX-License-Identifier: MIT */
/* Datagrams received in batches (recvmmsg, GRO). */
#include "net/udp.h"

#include "base/number.h"
#include "net/udp_control.h"
#include "net/udp_errno.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define RETRIES 4 /* errors of others that one receive passes over */

static void arm(struct udp_inbox *b, unsigned i)
{
    struct udp_in *in = &b->in[i];

    b->headers[i].msg_hdr = (struct msghdr){
        .msg_name = &in->m.peer.u,
        .msg_namelen = sizeof in->m.peer.u,
        .msg_iov = &b->vectors[i],
        .msg_iovlen = 1,
        .msg_control = b->control[i],
        .msg_controllen = UDP_CONTROL,
    };
}

void udp_inbox_init(struct udp_inbox *b, uint8_t *memory, size_t size, size_t each)
{
    KEDGE_ASSERT(each > 0 && size >= each);
    b->memory = memory;
    b->each = each;
    b->room = (unsigned)min_u64(size / each, UDP_BATCH);
    b->count = 0;
    b->apart = b->one = false;
    b->drops = 0;
    for (unsigned i = 0; i < b->room; i++) {
        b->vectors[i] = (struct iovec){ memory + i * each, each };
        arm(b, i);
    }
}

static void take_v4(struct udp_in *in, const struct cmsghdr *c)
{
    struct net_address *at = &in->m.local.address;
    struct in_pktinfo info;

    memcpy(&info, CMSG_DATA(c), sizeof info);
    *at = (struct net_address){ .len = sizeof at->u.v4 };
    at->u.v4.sin_family = AF_INET;
    at->u.v4.sin_addr = info.ipi_addr;
    /* It came before this was asked for, to a socket that was passed: the kernel did not note
     * who was meant, and refuses to answer from an address that is not ours. */
    if (info.ipi_spec_dst.s_addr == INADDR_ANY)
        info.ipi_spec_dst = info.ipi_addr;
    /* The kernel puts our own address into spec_dst; they differ when the datagram was
     * sent to all of a subnet, which the address alone does not show. */
    in->to_broadcast = net_address_is_multicast(at) || net_address_is_broadcast(at) ||
                       info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
    at->u.v4.sin_addr = info.ipi_spec_dst;
    in->m.local.ifindex = (uint32_t)info.ipi_ifindex;
}

static void take_v6(struct udp_in *in, const struct cmsghdr *c)
{
    struct net_address *at = &in->m.local.address;
    struct in6_pktinfo info;

    memcpy(&info, CMSG_DATA(c), sizeof info);
    *at = (struct net_address){ .len = sizeof at->u.v6 };
    at->u.v6.sin6_family = AF_INET6;
    at->u.v6.sin6_addr = info.ipi6_addr;
    in->m.local.ifindex = info.ipi6_ifindex;
    if (net_address_is_link_local(at))
        at->u.v6.sin6_scope_id = info.ipi6_ifindex;
    in->to_broadcast = net_address_is_multicast(at);
    if (in->to_broadcast)
        at->len = 0; /* no source to answer from: the kernel chooses */
}

static uint8_t small_number(const struct cmsghdr *c)
{
    int v = 0;

    memcpy(&v, CMSG_DATA(c), sizeof v);
    return v > 0 && v < 256 ? (uint8_t)v : 0;
}

static void take_stamp(struct udp_in *in, const struct cmsghdr *c)
{
    struct timespec t;

    if (control_is(c, SOL_SOCKET, SCM_TIMESTAMPNS)) {
        memcpy(&t, CMSG_DATA(c), sizeof t);
        in->stamp_ns = (uint64_t)t.tv_sec * KEDGE_SEC + (uint64_t)t.tv_nsec;
    } else if (control_is(c, SOL_IP, IP_TTL) || control_is(c, SOL_IPV6, IPV6_HOPLIMIT)) {
        in->ttl = small_number(c);
    } else if (control_is(c, SOL_IPV6, IPV6_TCLASS)) {
        in->tos = small_number(c);
    } else if (control_is(c, SOL_IP, IP_TOS)) {
        in->tos = *CMSG_DATA(c); /* one byte on IPv4 */
    }
}

static void take_control(struct udp_inbox *b, struct udp_in *in, const struct cmsghdr *c)
{
    int segment;

    if (control_is(c, SOL_IP, IP_PKTINFO)) {
        take_v4(in, c);
    } else if (control_is(c, SOL_IPV6, IPV6_PKTINFO)) {
        take_v6(in, c);
    } else if (control_is(c, SOL_SOCKET, SO_RXQ_OVFL)) {
        memcpy(&b->drops, CMSG_DATA(c), sizeof b->drops);
    } else if (control_is(c, IPPROTO_UDP, UDP_GRO)) {
        memcpy(&segment, CMSG_DATA(c), sizeof segment);
        in->m.segment = (uint16_t)segment;
    } else {
        take_stamp(in, c);
    }
}

static void take_in(struct udp_inbox *b, unsigned i)
{
    struct msghdr *h = &b->headers[i].msg_hdr;
    struct udp_in *in = &b->in[i];

    in->m.bytes = (struct kedge_span){ b->vectors[i].iov_base, b->headers[i].msg_len };
    in->m.peer.len = h->msg_namelen;
    in->m.local = (struct net_local){ 0 };
    in->m.segment = 0;
    in->to_broadcast = false;
    in->stamp_ns = 0;
    in->ttl = in->tos = 0;
    in->cut = h->msg_flags & MSG_TRUNC;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
        take_control(b, in, c);
    if (in->m.segment >= in->m.bytes.len)
        in->m.segment = 0; /* a train of one */
}

/* What a batch would bring, by a call each: how many, or -1. */
static int receive_apart(int fd, struct udp_inbox *b, unsigned most)
{
    ssize_t n = 0;
    unsigned count = 0;

    while (count < most &&
           (n = recvmsg(fd, &b->headers[count].msg_hdr, MSG_DONTWAIT)) >= 0)
        b->headers[count++].msg_len = (unsigned)n;
    return count > 0 ? (int)count : n < 0 ? -1 : 0;
}

static int inbox_receive(int fd, struct udp_inbox *b)
{
    int n;

    if (b->one || b->apart)
        return receive_apart(fd, b, b->one ? 1 : b->room);
    n = recvmmsg(fd, b->headers, b->room, MSG_DONTWAIT, NULL);
    if (n >= 0 || !udp_errno_is_filter(errno))
        return n;
    b->apart = true;
    return receive_apart(fd, b, b->room);
}

static int take_all(struct udp_inbox *b, unsigned count)
{
    b->count = count;
    for (unsigned i = 0; i < b->count; i++)
        take_in(b, i);
    return (int)count;
}

static void arm_again(struct udp_inbox *b)
{
    for (unsigned i = 0; i < b->count; i++)
        arm(b, i);
    b->count = 0;
}

int udp_receive(int fd, struct udp_inbox *b)
{
    int n = -1;

    arm_again(b);
    for (int i = 0; n < 0 && i <= RETRIES; i++) {
        n = inbox_receive(fd, b);
        if (n < 0 && errno == EAGAIN)
            return 0;
        if (n < 0 && errno != EINTR && !udp_errno_is_anothers(errno))
            return -errno;
    }
    return n < 0 ? 0 : take_all(b, (unsigned)n);
}

int udp_receive_within(int fd, struct udp_inbox *b, unsigned most)
{
    int n;

    arm_again(b);
    if (b->apart)
        return 0;
    n = recvmmsg(fd, b->headers, (unsigned)min_u64(b->room, most), MSG_WAITFORONE, NULL);
    b->apart = n < 0 && udp_errno_is_filter(errno);
    if (n < 0 && !b->apart && errno != EAGAIN && errno != EINTR &&
        !udp_errno_is_anothers(errno))
        return -errno;
    return n < 0 ? 0 : take_all(b, (unsigned)n);
}
