/* SPDX-License-Identifier: MIT */
/* Datagrams queued and sent in batches (sendmmsg). */
#include "net/udp.h"

#include "net/udp_control.h"
#include "net/udp_errno.h"

#include <errno.h>
#include <string.h>

#define NONE UINT32_MAX

void udp_outbox_init(struct udp_outbox *b, int fd)
{
    b->fd = fd;
    b->apart = false;
    b->first = b->count = 0;
    b->used = 0;
    b->sent = b->lost = b->emptied = 0;
    b->barred_count = 0;
}

static unsigned datagrams(const struct udp_outbox *b, unsigned i)
{
    size_t len = b->vectors[i][0].iov_len;

    return b->segments[i] ? (unsigned)((len + b->segments[i] - 1) / b->segments[i]) : 1;
}

static void clear(struct udp_outbox *b)
{
    b->first = b->count = 0;
    b->used = 0;
    b->emptied++;
}

void udp_out_drop(struct udp_outbox *b)
{
    for (unsigned i = b->first; i < b->count; i++)
        b->lost += datagrams(b, i);
    clear(b);
}

/* The kernel refused segments on this route: the same datagrams, one by one. False: the
 * socket is full, and what was not sent stays in the queue. */
static bool send_apart(struct udp_outbox *b, unsigned i)
{
    struct iovec *v = b->vectors[i];
    struct msghdr *h = &b->headers[i].msg_hdr;
    struct udp_gso_batch t = { .packets = { v->iov_base, v->iov_len },
                               .stride = b->segments[i],
                               .peer = &b->names[i],
                               .local = &b->locals[i] };
    unsigned all = datagrams(b, i);
    unsigned done = udp_send_gso(b->fd, &t);

    b->sent += done - t.lost;
    b->lost += t.lost;
    if (done == all)
        return true;
    v->iov_base = (uint8_t *)v->iov_base + done * t.stride;
    v->iov_len -= done * t.stride;
    if (all - done == 1)
        b->segments[i] = 0;
    udp_control_put(h, b->control[i], &b->locals[i], b->segments[i]);
    return false;
}

/* What becomes of the first in the queue, which the kernel refused. False: it waits. */
static bool outbox_refused(struct udp_outbox *b, int code)
{
    if (code == EAGAIN)
        return false;
    if (b->segments[b->first] && (code == EIO || code == EINVAL || code == EMSGSIZE)) {
        if (!send_apart(b, b->first))
            return false;
    } else {
        b->lost += datagrams(b, b->first);
        if (code == EPERM && b->barred_count < UDP_BARRED)
            b->barred[b->barred_count++] = b->names[b->first];
    }
    b->first++;
    return true;
}

/* How many of the queue left, or -1. One alone goes the shorter way. */
static int send_queued(struct udp_outbox *b)
{
    unsigned count = b->count - b->first;

    if (count > 1 && !b->apart) {
        int n = sendmmsg(b->fd, b->headers + b->first, count, MSG_DONTWAIT);
        /* A firewall's EPERM looks the same, but is that of one datagram. */
        if (n >= 0 || !udp_errno_is_filter(errno))
            return n;
        b->apart = errno == ENOSYS;
    }
    errno = udp_send_message(b->fd, &b->headers[b->first].msg_hdr);
    return errno ? -1 : 1;
}

bool udp_flush(struct udp_outbox *b)
{
    unsigned retried = NONE;

    while (b->first < b->count) {
        int n = send_queued(b);

        if (n > 0) {
            for (unsigned end = b->first + (unsigned)n; b->first < end; b->first++)
                b->sent += datagrams(b, b->first);
        } else if (errno == EINTR) {
            continue;
        } else if (udp_errno_is_anothers(errno) && retried != b->first) {
            retried = b->first;
        } else if (!outbox_refused(b, errno)) {
            return false;
        }
    }
    clear(b);
    return true;
}

static bool has_room(const struct udp_outbox *b, size_t bytes)
{
    return b->count < UDP_BATCH && b->used + bytes <= UDP_OUT_BYTES;
}

/* Room for one more, whose copy takes so many bytes; false and counted where not even a
 * flush makes it. */
static bool make_outbox_room(struct udp_outbox *b, const struct udp_message *m,
                             size_t bytes)
{
    if (has_room(b, bytes) || udp_flush(b) || has_room(b, bytes))
        return true;
    b->lost += m->segment ? (m->bytes.len + m->segment - 1) / m->segment : 1;
    return false;
}

static void queue(struct udp_outbox *b, const struct udp_message *m, const uint8_t *bytes)
{
    unsigned i = b->count++;
    struct msghdr *h = &b->headers[i].msg_hdr;

    b->vectors[i][0] = (struct iovec){ (void *)(uintptr_t)bytes, m->bytes.len };
    b->names[i] = m->peer;
    b->locals[i] = m->local;
    b->segments[i] = m->segment;
    *h = (struct msghdr){ .msg_name = &b->names[i].u,
                          .msg_namelen = m->peer.len,
                          .msg_iov = b->vectors[i],
                          .msg_iovlen = 1 };
    udp_control_put(h, b->control[i], &m->local, m->segment);
}

static bool copy(struct udp_outbox *b, const struct udp_message *m)
{
    uint8_t *at;

    KEDGE_ASSERT(m->bytes.len <= UDP_OUT_BYTES);
    if (!make_outbox_room(b, m, m->bytes.len))
        return false;
    at = b->bytes + b->used;
    if (m->bytes.len > 0)
        memcpy(at, m->bytes.ptr, m->bytes.len);
    b->used += m->bytes.len;
    queue(b, m, at);
    return true;
}

void udp_out_copy(struct udp_outbox *b, const struct udp_message *m)
{
    (void)copy(b, m);
}

void udp_out_lend(struct udp_outbox *b, const struct udp_message *m,
                  struct kedge_span rest)
{
    unsigned i;

    KEDGE_ASSERT(m->segment == 0);
    if (!copy(b, m))
        return;
    i = b->count - 1;
    b->vectors[i][1] = (struct iovec){ (void *)(uintptr_t)rest.ptr, rest.len };
    b->headers[i].msg_hdr.msg_iovlen = 2;
}

void udp_out_borrow(struct udp_outbox *b, const struct udp_message *m)
{
    if (make_outbox_room(b, m, 0))
        queue(b, m, m->bytes.ptr);
}
