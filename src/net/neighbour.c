/* SPDX-License-Identifier: MIT */
/* Asks for one neighbour (RTM_GETNEIGH), and reads its state and link address. */
#include "net/neighbour.h"

#include "net/netlink.h"

#include <errno.h>
#include <string.h>

/* States in which the link address can be used at once. */
#define USABLE                                                                           \
    (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

bool neighbour_parse(struct kedge_span message, struct neighbour *out)
{
    struct nlmsghdr h;
    struct ndmsg got;
    struct kedge_span link;

    if (message.len < NLMSG_LENGTH(sizeof got))
        return false;
    memcpy(&h, message.ptr, sizeof h);
    memcpy(&got, message.ptr + NLMSG_HDRLEN, sizeof got);
    if (h.nlmsg_type != RTM_NEWNEIGH)
        return false;
    link = netlink_find(message, sizeof got, NDA_LLADDR);
    *out = (struct neighbour){ .usable = got.ndm_state & USABLE };
    if (link.len > 0 && link.len <= sizeof out->link) {
        out->link_bytes = (uint8_t)link.len;
        memcpy(out->link, link.ptr, link.len);
    }
    return true;
}

int neighbour_ask(int fd, unsigned interface, const struct net_address *at,
                  struct neighbour *out)
{
    struct netlink_request r = { .header = { .nlmsg_len =
                                                 NLMSG_LENGTH(sizeof r.u.neighbour),
                                             .nlmsg_type = RTM_GETNEIGH,
                                             .nlmsg_flags = NLM_F_REQUEST } };
    _Alignas(8) uint8_t room[NETLINK_ROOM];
    size_t len = 0;
    int err;

    r.u.neighbour.ndm_family = (uint8_t)at->u.any.sa_family;
    r.u.neighbour.ndm_ifindex = (int)interface;
    netlink_append(&r, NDA_DST, netlink_ip(at));
    err = netlink_ask(fd, &r, room, &len);
    if (err)
        return err;
    return neighbour_parse((struct kedge_span){ room, len }, out) ? 0 : -EBADMSG;
}
