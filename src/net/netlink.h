/* SPDX-License-Identifier: MIT */
/* One question to the kernel's routing socket (rtnetlink), and its one answer. It builds the
 * question, and takes the answer apart; what is asked, and what that means, is its caller's.
 * The kernel answers within the call that asks, but that call may wait for its lock, which
 * whoever changes an interface holds. */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include "base/bytes.h"
#include "net/address.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#define NETLINK_ROOM 8192 /* bytes of an answer: a route, or a neighbour */

struct netlink_request {
    struct nlmsghdr header;
    union {
        struct rtmsg route;
        struct ndmsg neighbour;
    } u;
    uint8_t attributes[128]; /* cppcheck-suppress unusedStructMember */
};

/* A socket; or -errno. */
KEDGE_MUST_CHECK int netlink_open(void);

/* Add an attribute: RTA_..., NDA_.... Those of one request fit in 128 bytes. */
void netlink_append(struct netlink_request *r, uint16_t type, struct kedge_span data);

/* Ask, by a number that nobody can guess. 0, and room begins with the kernel's answer to just
 * this question, *len bytes; or -errno: the kernel's, EBADMSG for an answer that is none, EAGAIN
 * where there is none, or random_fill()'s. It does not wait. */
KEDGE_MUST_CHECK int netlink_ask(int fd, struct netlink_request *r,
                                 uint8_t room[NETLINK_ROOM], size_t *len);

/* The value of an attribute behind a message's own head of `head` bytes; empty if there is
 * none, also where the message is cut short. */
struct kedge_span netlink_find(struct kedge_span message, size_t head, uint16_t type);

/* The bytes of an address, in network order. Borrowed. */
struct kedge_span netlink_ip(const struct net_address *a);

#endif
