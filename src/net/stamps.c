#include "net/stamps.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define OTHERS 16 /* entries of another kind that one call passes over */

static uint64_t ns_of(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * KEDGE_SEC + (uint64_t)t->tv_nsec;
}

uint64_t stamps_clock(void)
{
    struct timespec t = { 0 };

    clock_gettime(CLOCK_REALTIME, &t);
    return ns_of(&t);
}

int stamps_open(int fd)
{
    int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
                SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
                SOF_TIMESTAMPING_OPT_TSONLY;

    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) < 0 ? -errno
                                                                                 : 0;
}

/* The stamp and, of one that left, its number. What is not there stays as it is. */
static void read_control(struct msghdr *h, uint64_t *at_ns, struct sock_extended_err *err)
{
    struct scm_timestamping all;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING) {
            memcpy(&all, CMSG_DATA(c), sizeof all);
            *at_ns = ns_of(&all.ts[0]);
        } else if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
                   (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
            memcpy(err, CMSG_DATA(c), sizeof *err);
        }
    }
}

ssize_t stamps_receive(int fd, void *buffer, size_t size, uint64_t *at_ns)
{
    _Alignas(8) uint8_t control[256];
    struct iovec v = { buffer, size };
    struct msghdr h = { .msg_iov = &v,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = sizeof control };
    struct sock_extended_err err;
    ssize_t n = recvmsg(fd, &h, MSG_DONTWAIT);

    *at_ns = 0;
    if (n >= 0)
        read_control(&h, at_ns, &err);
    return n;
}

bool stamps_left(int fd, uint32_t *number, uint64_t *at_ns)
{
    _Alignas(8) uint8_t control[256];

    for (int i = 0; i < OTHERS; i++) {
        struct sock_extended_err err = { 0 };
        struct msghdr h = { .msg_control = control, .msg_controllen = sizeof control };

        if (recvmsg(fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return false;
        *at_ns = 0;
        read_control(&h, at_ns, &err);
        *number = err.ee_data;
        if (err.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && *at_ns > 0)
            return true;
    }
    return false;
}
