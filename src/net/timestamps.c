/* SPDX-License-Identifier: MIT */
/* Kernel timestamps of datagrams, switched on and matched to what was sent. */
#include "net/timestamps.h"

#include "net/option.h"
#include "net/udp_control.h"
#include "net/udp_errors.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define QUOTED 512 /* of a datagram that failed: routers quote 548 bytes at most */
#define CONTROL 512
#define TOGETHER 8 /* taken from the queue in one call */

static uint64_t ns_of(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * KEDGE_SEC + (uint64_t)t->tv_nsec;
}

int stamps_departures(int fd, bool all)
{
    int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
                SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;

    return option_set(fd, SOL_SOCKET, SO_TIMESTAMPING,
                      all ? flags | SOF_TIMESTAMPING_TX_SOFTWARE : flags);
}

int stamps_open(int fd)
{
    (void)option_set(fd, SOL_SOCKET, SO_TIMESTAMPING, 0);
    return stamps_departures(fd, true);
}

int stamps_ask_more(int fd, int family)
{
    bool v6 = family == AF_INET6;
    int err = option_set_ip(fd, v6, IP_RECVERR, IPV6_RECVERR, 1);

    if (!err)
        err = option_set_ip(fd, v6, IP_RECVTTL, IPV6_RECVHOPLIMIT, 1);
    if (!err)
        err = option_set_ip(fd, v6, IP_RECVTOS, IPV6_RECVTCLASS, 1);
    return err;
}

static uint64_t stamp_in(const struct cmsghdr *c)
{
    struct scm_timestamping all;

    memcpy(&all, CMSG_DATA(c), sizeof all);
    return ns_of(&all.ts[0]);
}

static void read_in(const struct cmsghdr *c, struct stamps_in *in)
{
    if (control_is(c, SOL_SOCKET, SCM_TIMESTAMPING))
        in->at_ns = stamp_in(c);
    else if (control_is(c, SOL_IP, IP_TTL) || control_is(c, SOL_IPV6, IPV6_HOPLIMIT))
        memcpy(&in->ttl, CMSG_DATA(c), sizeof in->ttl);
    else if (control_is(c, SOL_IPV6, IPV6_TCLASS))
        memcpy(&in->tos, CMSG_DATA(c), sizeof in->tos);
    else if (control_is(c, SOL_IP, IP_TOS))
        in->tos = *CMSG_DATA(c); /* one byte on IPv4 */
}

void stamps_read(struct msghdr *h, struct stamps_in *in)
{
    in->at_ns = 0;
    in->ttl = in->tos = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
        read_in(c, in);
}

ssize_t stamps_receive(int fd, void *buffer, size_t size, struct stamps_in *in)
{
    _Alignas(8) uint8_t control[256];
    struct iovec v = { buffer, size };
    struct msghdr h = { .msg_iov = &v,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = sizeof control };
    ssize_t n;

    if (in->from) {
        h.msg_name = &in->from->u;
        h.msg_namelen = sizeof in->from->u;
    }
    n = recvmsg(fd, &h, MSG_DONTWAIT);
    if (n < 0)
        return n;
    if (in->from)
        in->from->len = h.msg_namelen;
    stamps_read(&h, in);
    return n;
}

static bool left(struct msghdr *h, uint32_t *number, uint64_t *at_ns)
{
    struct sock_extended_err err = { 0 };

    *at_ns = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (control_is(c, SOL_SOCKET, SCM_TIMESTAMPING))
            *at_ns = stamp_in(c);
        else if (control_is_error(c))
            memcpy(&err, CMSG_DATA(c), sizeof err);
    }
    *number = err.ee_data;
    return err.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && *at_ns > 0;
}

uint32_t stamps_overtook(int fd)
{
    struct tcp_info i = { 0 };
    socklen_t len = sizeof i;

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len) < 0 ? 0 : i.tcpi_rcv_ooopack;
}

/* Room for what one entry of the queue has. */
struct entry {
    _Alignas(8) uint8_t control[CONTROL];
    uint8_t quoted[QUOTED];
    struct udp_error error;
    struct iovec bytes;
};

static void make_control_room(struct msghdr *h, struct entry *e)
{
    e->bytes = (struct iovec){ e->quoted, sizeof e->quoted };
    e->error = (struct udp_error){ 0 };
    *h = (struct msghdr){ .msg_name = &e->error.to.u,
                          .msg_namelen = sizeof e->error.to.u,
                          .msg_iov = &e->bytes,
                          .msg_iovlen = 1,
                          .msg_control = e->control,
                          .msg_controllen = sizeof e->control };
}

static void tell_stamps(const struct timestamp_events *told, struct mmsghdr *m,
                        struct entry *e)
{
    const struct kedge_span quoted = { e->quoted, m->msg_len };
    uint32_t number = 0;
    uint64_t at_ns = 0;

    if (left(&m->msg_hdr, &number, &at_ns))
        told->left(told->owner, number, at_ns);
    else if (udp_error_read(&m->msg_hdr, &e->error))
        told->failed(told->owner, &e->error, quoted);
}

void stamps_drain(int fd, const struct timestamp_events *told)
{
    struct entry entries[TOGETHER];
    struct mmsghdr headers[TOGETHER];
    int n = TOGETHER;

    for (int taken = 0; n == TOGETHER && taken < UDP_BATCH; taken += n) {
        for (int i = 0; i < TOGETHER; i++)
            make_control_room(&headers[i].msg_hdr, &entries[i]);
        n = recvmmsg(fd, headers, TOGETHER, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++)
            tell_stamps(told, &headers[i], &entries[i]);
    }
}
