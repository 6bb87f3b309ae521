/* SPDX-License-Identifier: MIT */
/* sock_diag(7): what ss asks, for one connection. It needs no privilege. */
#include "trace/look_up.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

/* Attributes follow, which are cut off. */
struct reply {
    struct nlmsghdr header;
    union {
        struct inet_diag_msg found;
        struct nlmsgerr error;
    } u;
};

static uint16_t put_address(const struct kedge_address *a, __be32 out[4])
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)&a->storage;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->storage;

    if (four->sin_family == AF_INET) {
        memcpy(out, &four->sin_addr, sizeof four->sin_addr);
        return four->sin_port;
    }
    memcpy(out, &six->sin6_addr, sizeof six->sin6_addr);
    return six->sin6_port;
}

static struct question ask(const struct kedge_address *local,
                           const struct kedge_address *remote)
{
    struct question q = { 0 };
    struct inet_diag_sockid *id = &q.body.id;

    q.header.nlmsg_len = sizeof q;
    q.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    q.header.nlmsg_flags = NLM_F_REQUEST;
    q.body.sdiag_family = (uint8_t)local->storage.ss_family;
    q.body.sdiag_protocol = IPPROTO_TCP;
    q.body.idiag_states = UINT32_MAX;
    id->idiag_sport = put_address(local, id->idiag_src);
    id->idiag_dport = put_address(remote, id->idiag_dst);
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return q;
}

static enum tcp_state understand(const struct reply *r, ssize_t size)
{
    if (size < (ssize_t)sizeof r->header)
        return STATE_UNKNOWN;
    if (r->header.nlmsg_type == NLMSG_ERROR)
        return r->u.error.error == -ENOENT ? STATE_CLOSED : STATE_UNKNOWN;
    /* Where the connection is no more, the kernel finds the socket that listens. */
    if (r->u.found.idiag_state == STATE_LISTEN)
        return STATE_CLOSED;
    return r->u.found.idiag_state < STATE_COUNT ? (enum tcp_state)r->u.found.idiag_state
                                                : STATE_UNKNOWN;
}

enum tcp_state look_up_tcp(const struct kedge_address *local,
                           const struct kedge_address *remote)
{
    enum tcp_state state = STATE_UNKNOWN;
    struct reply r = { 0 };
    struct question q;
    int fd;

    if (local->len == 0 || remote->len == 0)
        return state;
    fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return state;
    q = ask(local, remote);
    if (send(fd, &q, sizeof q, 0) == sizeof q)
        state = understand(&r, recv(fd, &r, sizeof r, 0));
    close(fd);
    return state;
}
