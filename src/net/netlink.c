/* SPDX-License-Identifier: MIT */
/* Builds what is asked of rtnetlink, and finds attributes in what it answers. */
#include "net/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

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

int netlink_ask(int fd, const struct netlink_request *r, uint8_t room[NETLINK_ROOM],
                size_t *len)
{
    const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)room;
    struct nlmsgerr e;
    ssize_t n;

    if (send(fd, r, r->header.nlmsg_len, 0) < 0)
        return -errno;
    do
        n = recv(fd, room, NETLINK_ROOM, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
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
    if (a->u.any.sa_family == AF_INET6)
        return (struct kedge_span){ a->u.v6.sin6_addr.s6_addr, 16 };
    return (struct kedge_span){ (const uint8_t *)&a->u.v4.sin_addr, 4 };
}
