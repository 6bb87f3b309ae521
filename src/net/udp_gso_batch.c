/* SPDX-License-Identifier: MIT */
/* Datagrams to one peer joined for one call (UDP_SEGMENT). */
#include "net/udp.h"

#include "base/number.h"
#include "net/udp_control.h"
#include "net/udp_errno.h"

#include <errno.h>

unsigned udp_gso_count(const struct udp_gso_batch *t)
{
    return (unsigned)((t->packets.len + t->stride - 1) / t->stride);
}

/* Frames [from, to), of which *v is filled if they lie in one buffer. */
static struct msghdr segments(const struct udp_gso_batch *t, unsigned from, unsigned to,
                              struct iovec *v)
{
    struct msghdr h = { .msg_name = (void *)(uintptr_t)&t->peer->u,
                        .msg_namelen = t->peer->len,
                        .msg_iov = v,
                        .msg_iovlen = 1 };
    size_t start = from * t->stride;

    if (t->pieces) {
        h.msg_iov = (struct iovec *)(uintptr_t)(t->pieces + 2 * from);
        h.msg_iovlen = 2 * (to - from);
    } else {
        v->iov_base = (void *)(uintptr_t)(t->packets.ptr + start);
        v->iov_len = min_u64(to * t->stride, t->packets.len) - start;
    }
    return h;
}

static int send_joined(int fd, const struct udp_gso_batch *t, unsigned from, unsigned to)
{
    _Alignas(8) uint8_t control[UDP_CONTROL];
    struct iovec v;
    struct msghdr h = segments(t, from, to, &v);
    int err = EINTR;

    udp_control_put(&h, control, t->local, to - from > 1 ? (uint16_t)t->stride : 0);
    for (int tries = 0; tries < 2; tries++) {
        do
            err = udp_send_message(fd, &h);
        while (err == EINTR);
        if (!udp_errno_is_anothers(err))
            break;
    }
    return err;
}

/* From frame `from` on by segments. The first frame not done; t->gso is cleared when the
 * kernel refuses segments, and *full set when the socket takes no more. */
static unsigned send_by_segments(int fd, struct udp_gso_batch *t, unsigned from,
                                 bool *full)
{
    unsigned count = udp_gso_count(t);
    unsigned most = (unsigned)min_u64(UDP_BYTES_MAX / t->stride, UDP_GSO_SEGMENTS);

    while (from < count && !*full) {
        unsigned to = (unsigned)min_u64(from + most, count);
        int err = send_joined(fd, t, from, to);

        if (to - from > 1 && (err == EIO || err == EINVAL || err == EMSGSIZE)) {
            t->gso = false;
            return from;
        }
        *full = err == EAGAIN;
        if (*full)
            return from;
        t->lost += err ? to - from : 0;
        from = to;
    }
    return from;
}

/* The first that was not sent; err says why, 0 when all were. */
static unsigned send_batch(int fd, struct mmsghdr *batch, unsigned count, int *err)
{
    unsigned done = 0, retried = UINT32_MAX;

    *err = 0;
    while (done < count) {
        int n = sendmmsg(fd, batch + done, count - done, MSG_DONTWAIT);

        if (n < 0 && udp_errno_is_filter(errno))
            n = sendmsg(fd, &batch[done].msg_hdr, MSG_DONTWAIT) < 0 ? -1 : 1;
        if (n > 0) {
            done += (unsigned)n;
        } else if (errno == EINTR) {
            continue;
        } else if (udp_errno_is_anothers(errno) && retried != done) {
            retried = done;
        } else {
            *err = errno;
            return done;
        }
    }
    return done;
}

static unsigned send_one_by_one(int fd, struct udp_gso_batch *t, unsigned from)
{
    _Alignas(8) uint8_t control[UDP_CONTROL];
    struct mmsghdr batch[UDP_BATCH];
    struct iovec vectors[UDP_BATCH];
    unsigned count = udp_gso_count(t);

    while (from < count) {
        unsigned n = (unsigned)min_u64(count - from, UDP_BATCH);
        int err;

        for (unsigned i = 0; i < n; i++) {
            batch[i].msg_hdr = segments(t, from + i, from + i + 1, &vectors[i]);
            udp_control_put(&batch[i].msg_hdr, control, t->local, 0);
        }
        from += send_batch(fd, batch, n, &err);
        if (err == EAGAIN)
            return from;
        if (err) {
            t->lost++;
            from++;
        }
    }
    return from;
}

unsigned udp_send_gso(int fd, struct udp_gso_batch *t)
{
    unsigned done = 0;
    bool full = false;

    KEDGE_ASSERT(t->stride > 0 && t->stride <= UINT16_MAX && t->packets.len > 0);
    t->lost = 0;
    if (t->gso || udp_gso_count(t) == 1)
        done = send_by_segments(fd, t, 0, &full);
    return full ? done : send_one_by_one(fd, t, done);
}
