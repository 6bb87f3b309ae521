/* SPDX-License-Identifier: MIT */
/* Builds what is asked of rtnetlink, and finds attributes in what it answers. */
#include "net/netlink.h"

#include "os/random.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Datagrams before the answer that are none: of another process, or to an older question. */
enum { OTHERS_MAX = 64 };

int netlink_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    return fd < 0 ? -errno : fd;
}

void netlink_append(struct netlink_request *r, uint16_t type, struct kedge_span data)
{
    struct rtattr a = { .rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(data.len) };
    uint8_t *at = (uint8_t *)r + NLMSG_ALIGN(r->header.nlmsg_len);

    memcpy(at, &a, sizeof a);
    memcpy(at + RTA_LENGTH(0), data.ptr, data.len);
    r->header.nlmsg_len =
        NLMSG_ALIGN(r->header.nlmsg_len) + (uint32_t)RTA_SPACE(data.len);
}

/* One datagram: its length, 0 for that of another process, or -errno. The kernel's answer is
 * there already. */
static ssize_t receive_from_kernel(int fd, uint8_t room[NETLINK_ROOM])
{
    struct sockaddr_nl from = { .nl_pid = UINT32_MAX };
    struct iovec iov = { room, NETLINK_ROOM };
    struct msghdr m = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1
    };
    ssize_t n;

    do
        n = recvmsg(fd, &m, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return from.nl_pid == 0 ? n : 0;
}

/* What is no answer to this question is passed over. */
static ssize_t receive_answer(int fd, uint32_t number, uint8_t room[NETLINK_ROOM])
{
    const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)room;

    for (unsigned i = 0; i < OTHERS_MAX; i++) {
        ssize_t n = receive_from_kernel(fd, room);

        if (n < 0)
            return n;
        if ((size_t)n >= sizeof *h && h->nlmsg_seq == number)
            return n;
    }
    return -EBADMSG;
}

int netlink_ask(int fd, struct netlink_request *r, uint8_t room[NETLINK_ROOM],
                size_t *len)
{
    const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)room;
    struct nlmsgerr e;
    ssize_t n;
    int err = random_fill(&r->header.nlmsg_seq, sizeof r->header.nlmsg_seq);

    if (err)
        return err;
    if (send(fd, r, r->header.nlmsg_len, 0) < 0)
        return -errno;
    n = receive_answer(fd, r->header.nlmsg_seq, room);
    if (n < 0)
        return (int)n;
    if ((size_t)n < NLMSG_LENGTH(sizeof e) || h->nlmsg_len > (size_t)n)
        return -EBADMSG;
    *len = h->nlmsg_len;
    if (h->nlmsg_type != NLMSG_ERROR)
        return 0;
    memcpy(&e, NLMSG_DATA(h), sizeof e);
    return e.error ? e.error : -EBADMSG;
}

struct kedge_span netlink_find(struct kedge_span message, size_t head, uint16_t type)
{
    size_t at = NLMSG_SPACE(head);
    struct rtattr a;

    while (at + sizeof a <= message.len) {
        memcpy(&a, message.ptr + at, sizeof a);
        if (a.rta_len < sizeof a || at + a.rta_len > message.len)
            break;
        if (a.rta_type == type)
            return (struct kedge_span){ message.ptr + at + RTA_LENGTH(0),
                                        a.rta_len - RTA_LENGTH(0) };
        at += RTA_ALIGN(a.rta_len);
    }
    return (struct kedge_span){ 0 };
}

struct kedge_span netlink_ip(const struct net_address *a)
{
    if (net_address_is_v6(a))
        return (struct kedge_span){ a->u.v6.sin6_addr.s6_addr, 16 };
    return (struct kedge_span){ (const uint8_t *)&a->u.v4.sin_addr, 4 };
}
