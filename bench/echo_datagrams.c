/* SPDX-License-Identifier: MIT */
/* echo_datagrams: the limit that a UDP echo server is measured by. One thread, recvmmsg of
 * 64, and what came leaves by one sendmmsg.
 *
 *   echo_datagrams PORT [B]     on 127.0.0.1, until it is killed
 *
 * With B each answer is the first four bytes and B - 4 more: a block for an acknowledgement,
 * the limit of TFTP in lock-step. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bench/cpu_meter.h"

enum { BATCH = 64, DATAGRAM = 65536 };

static void prepare(struct mmsghdr *batch, struct iovec *vectors, char *room,
                    struct sockaddr_in *from)
{
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){ room + (size_t)i * DATAGRAM, DATAGRAM };
        batch[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
                                            .msg_namelen = sizeof from[i],
                                            .msg_iov = &vectors[i],
                                            .msg_iovlen = 1 };
    }
}

static void answer(int fd, struct mmsghdr *batch, int n, size_t answer_len)
{
    for (int i = 0; i < n; i++)
        batch[i].msg_hdr.msg_iov->iov_len = answer_len ? answer_len : batch[i].msg_len;
    for (int sent = 0; sent < n;) {
        int m = sendmmsg(fd, batch + sent, (unsigned)(n - sent), 0);

        sent += m > 0 ? m : 1;
    }
    for (int i = 0; i < n; i++) {
        batch[i].msg_hdr.msg_iov->iov_len = DATAGRAM;
        batch[i].msg_hdr.msg_namelen = sizeof(struct sockaddr_in);
    }
}

int main(int argc, char **argv)
{
    static struct mmsghdr batch[BATCH];
    static struct iovec vectors[BATCH];
    static struct sockaddr_in from[BATCH];
    char *room = calloc(BATCH, DATAGRAM);
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    size_t answer_len = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = 4 << 20;

    at.sin_port = htons((uint16_t)(argc >= 2 ? strtoul(argv[1], NULL, 10) : 0));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    if (!room || bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        die("bind");
    prepare(batch, vectors, room, from);
    for (;;) {
        int n = recvmmsg(fd, batch, BATCH, MSG_WAITFORONE, NULL);

        if (n > 0)
            answer(fd, batch, n, answer_len);
    }
}
