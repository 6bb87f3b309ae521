/* SPDX-License-Identifier: MIT */
/* Datagrams of one size, sent in one call. */
#include "bench/train.h"

#include "bench/cpu_meter.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

void send_train(int fd, char *bytes, size_t len, uint16_t segment)
{
    char control[CMSG_SPACE(sizeof segment)] = { 0 };
    struct iovec v = { bytes, len };
    struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1 };

    if (len > segment) {
        struct cmsghdr *c;

        h.msg_control = control;
        h.msg_controllen = sizeof control;
        c = CMSG_FIRSTHDR(&h);
        c->cmsg_level = IPPROTO_UDP;
        c->cmsg_type = UDP_SEGMENT;
        c->cmsg_len = CMSG_LEN(sizeof segment);
        memcpy(CMSG_DATA(c), &segment, sizeof segment);
    }
    if (sendmsg(fd, &h, 0) < 0)
        die("sendmsg");
}
