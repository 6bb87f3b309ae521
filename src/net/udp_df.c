/* SPDX-License-Identifier: MIT */
/* One datagram sent with DF set. */
#include "net/udp.h"

#include "base/number.h"
#include "net/option.h"
#include "net/udp_control.h"

#include <errno.h>

#define BLOCK 1024 /* of zeros, sent over and over */
#define BLOCKS (UDP_BYTES_MAX / BLOCK + 1)

static int discover(int fd, bool v6, int how)
{
    return option_set_ip(fd, v6, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, how);
}

static size_t lay(struct iovec v[BLOCKS + 1], const struct udp_message *m, size_t zeros)
{
    static const uint8_t none[BLOCK];
    size_t count = 1;

    v[0] = (struct iovec){ (void *)(uintptr_t)m->bytes.ptr, m->bytes.len };
    for (; zeros > 0 && count <= BLOCKS; count++) {
        size_t part = min_u64(zeros, BLOCK);

        v[count] = (struct iovec){ (void *)(uintptr_t)none, part };
        zeros -= part;
    }
    return count;
}

/* DF is a socket's, not a datagram's: the others of this socket go without. */
int udp_send_df(int fd, const struct udp_message *m, size_t zeros)
{
    _Alignas(8) uint8_t control[UDP_CONTROL];
    bool v6 = net_address_is_v6(&m->peer);
    struct iovec v[BLOCKS + 1];
    struct msghdr h = { .msg_name = (void *)(uintptr_t)&m->peer.u,
                        .msg_namelen = m->peer.len,
                        .msg_iov = v,
                        .msg_iovlen = lay(v, m, zeros) };
    int err = discover(fd, v6, IP_PMTUDISC_PROBE);

    if (err)
        return err;
    udp_control_put(&h, control, &m->local, 0);
    if (sendmsg(fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        err = -errno;
    (void)discover(fd, v6, IP_PMTUDISC_DONT);
    return err;
}
