/* SPDX-License-Identifier: MIT */
/* Batches of datagrams on a dialled socket, with their kernel timestamps. */
#include "net/timestamps_batch.h"

#include <errno.h>
#include <linux/net_tstamp.h>
#include <string.h>
#include <sys/socket.h>

#define ASK_ROOM CMSG_SPACE(sizeof(uint32_t))

/* A stamp for this one: each costs a message in the queue of errors. */
static void want_stamps(struct msghdr *h, uint8_t *control)
{
    const uint32_t flags = SOF_TIMESTAMPING_TX_SOFTWARE;
    struct cmsghdr *c;

    memset(control, 0, ASK_ROOM);
    h->msg_control = control;
    h->msg_controllen = ASK_ROOM;
    c = CMSG_FIRSTHDR(h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SO_TIMESTAMPING;
    c->cmsg_len = CMSG_LEN(sizeof flags);
    memcpy(CMSG_DATA(c), &flags, sizeof flags);
}

int stamps_send_many(int fd, const struct stamps_out *out, uint32_t from, bool all)
{
    _Alignas(8) uint8_t control[ASK_ROOM];
    struct mmsghdr headers[STAMPS_MANY] = { 0 };
    struct iovec vectors[STAMPS_MANY];
    uint32_t count = out->count - from;
    int n;

    KEDGE_ASSERT(from < out->count && out->count <= STAMPS_MANY);
    for (uint32_t i = 0; i < count; i++) {
        vectors[i] = (struct iovec){ (void *)(uintptr_t)out->bytes[from + i],
                                     out->lengths[from + i] };
        headers[i].msg_hdr.msg_iov = &vectors[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    if (!all)
        want_stamps(&headers[0].msg_hdr, control);
    n = sendmmsg(fd, headers, count, MSG_NOSIGNAL);
    return n < 0 ? -errno : n;
}

int stamps_receive_many(int fd, struct stamps_got *got)
{
    _Alignas(8) uint8_t control[STAMPS_MANY][STAMPS_CONTROL];
    struct mmsghdr headers[STAMPS_MANY] = { 0 };
    struct iovec vectors[STAMPS_MANY];
    int n;

    for (uint32_t i = 0; i < STAMPS_MANY; i++) {
        vectors[i] = (struct iovec){ got->bytes[i], sizeof got->bytes[i] };
        headers[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i],
                                              .msg_iovlen = 1,
                                              .msg_control = control[i],
                                              .msg_controllen = sizeof control[i] };
    }
    n = recvmmsg(fd, headers, STAMPS_MANY, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        got->lengths[i] = headers[i].msg_len;
        got->in[i] = (struct stamps_in){ 0 };
        stamps_read(&headers[i].msg_hdr, &got->in[i]);
    }
    return n < 0 ? -errno : n;
}
