/* SPDX-License-Identifier: MIT */
/* The sockets of load_tftp: one a client, or shared. */
#include "bench/load_tftp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include "bench/cpu_meter.h"

enum { STEP = 250 }; /* addresses in a part of 127.x.y.z; 0 and 255 are not used */

/* Client i is at 127.x.y.z; all of 127/8 is this machine. */
static struct in_addr address_of(uint32_t i)
{
    uint32_t x = i / (STEP * STEP) + 1, y = i / STEP % STEP + 1, z = i % STEP + 1;

    return (struct in_addr){ htonl(127u << 24 | x << 16 | y << 8 | z) };
}

static uint32_t client_at(struct in_addr address)
{
    uint32_t a = ntohl(address.s_addr);

    return (((a >> 16 & 255) - 1) * STEP + (a >> 8 & 255) - 1) * STEP + (a & 255) - 1;
}

static int open_socket(struct load_tftp *s, uint32_t which, int room)
{
    struct epoll_event e = { .events = EPOLLIN, .data.u32 = which };
    struct sockaddr_in any = { .sin_family = AF_INET };
    int on = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    if (!s->o.shared)
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
        die("socket");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    if (s->o.shared)
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
        die("epoll_ctl");
    return fd;
}

void wire_open(struct load_tftp *s)
{
    int fds[SHARED_SOCKETS];

    s->epoll = epoll_create1(0);
    s->room = malloc((size_t)BATCH * PACKET_MAX);
    for (unsigned i = 0; s->o.shared && i < SHARED_SOCKETS; i++)
        fds[i] = open_socket(s, i, 64 << 20);
    for (uint32_t i = 0; i < s->o.at_once; i++) {
        s->clients[i].from = address_of(i);
        s->clients[i].fd =
            s->o.shared ? fds[i % SHARED_SOCKETS] : open_socket(s, i, 1 << 20);
    }
}

void wire_send(struct client *c, const void *packet, size_t len, bool shared)
{
    char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
    struct in_pktinfo info = { .ipi_spec_dst = c->from };
    struct iovec v = { (void *)packet, len };
    struct msghdr h = { .msg_name = &c->peer,
                        .msg_namelen = sizeof c->peer,
                        .msg_iov = &v,
                        .msg_iovlen = 1 };

    if (shared) {
        struct cmsghdr *m;

        h.msg_control = control;
        h.msg_controllen = sizeof control;
        m = CMSG_FIRSTHDR(&h);
        m->cmsg_level = IPPROTO_IP;
        m->cmsg_type = IP_PKTINFO;
        m->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(m), &info, sizeof info);
    }
    if (sendmsg(c->fd, &h, 0) < 0 && errno != EAGAIN)
        die("sendmsg");
}

static uint32_t asked_for(struct msghdr *h)
{
    for (struct cmsghdr *m = CMSG_FIRSTHDR(h); m; m = CMSG_NXTHDR(h, m))
        if (m->cmsg_level == IPPROTO_IP && m->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(m), sizeof info);
            return client_at(info.ipi_addr);
        }
    return UINT32_MAX;
}

void wire_read(struct load_tftp *s, uint32_t which)
{
    int fd = s->o.shared ? s->clients[which].fd : s->clients[which % s->o.at_once].fd;
    int n;

    for (int i = 0; i < BATCH; i++) {
        s->vectors[i] = (struct iovec){ s->room + (size_t)i * PACKET_MAX, PACKET_MAX };
        s->batch[i].msg_hdr = (struct msghdr){ .msg_name = &s->from[i],
                                               .msg_namelen = sizeof s->from[i],
                                               .msg_iov = &s->vectors[i],
                                               .msg_iovlen = 1,
                                               .msg_control = s->control[i],
                                               .msg_controllen = sizeof s->control[i] };
    }
    n = recvmmsg(fd, s->batch, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        uint32_t client = s->o.shared ? asked_for(&s->batch[i].msg_hdr) : which;
        struct iovec packet = { s->vectors[i].iov_base, s->batch[i].msg_len };

        if (client < s->o.at_once)
            client_take(s, &s->clients[client], packet, &s->from[i]);
    }
}
