/* SPDX-License-Identifier: MIT */
/* Sockets of checks that are over, and what still comes to them. */
#include "check/late.h"

#include "kedge/tftp.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Nobody reads what came of its packets any more: an error that stays queued would end each
 * wait at once. Those that are queued go with the option. */
static void forget_errors(int fd)
{
    const int off = 0;

    (void)setsockopt(fd, SOL_IP, IP_RECVERR, &off, sizeof off);
    (void)setsockopt(fd, SOL_IPV6, IPV6_RECVERR, &off, sizeof off);
}

void check_late_take(struct check_late *late, struct check_live *live)
{
    for (uint32_t i = 0; i < live->count; i++) {
        if (live->fds[i] < 0 || live->sides[i].request_len == 0)
            continue;
        if (late->sockets[late->next].answers > 0)
            close(late->sockets[late->next].fd);
        forget_errors(live->fds[i]);
        late->sockets[late->next].fd = live->fds[i];
        late->sockets[late->next].answers = CHECK_LATE_ANSWERS;
        late->next = (late->next + 1) % CHECK_LATE_MAX;
        live->fds[i] = -1;
    }
}

uint32_t check_late_poll(const struct check_late *late, struct pollfd *out, uint32_t room)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < CHECK_LATE_MAX && n < room; i++)
        if (late->sockets[i].answers > 0)
            out[n++] = (struct pollfd){ .fd = late->sockets[i].fd, .events = POLLIN };
    return n;
}

/* One datagram of a socket. False: none is there. */
static bool end_one(int fd)
{
    static const uint8_t error[] = { 0, KEDGE_TFTP_ERROR, 0, 0, 'e', 'n', 'd', 0 };
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    uint8_t head[2] = { 0, KEDGE_TFTP_ERROR };

    if (recvfrom(fd, head, sizeof head, MSG_DONTWAIT, (struct sockaddr *)&from, &len) < 0)
        return false;
    if (head[0] == 0 && head[1] != KEDGE_TFTP_ERROR)
        (void)sendto(fd, error, sizeof error, MSG_DONTWAIT, (struct sockaddr *)&from,
                     len);
    return true;
}

void check_late_read(struct check_late *late)
{
    for (uint32_t i = 0; i < CHECK_LATE_MAX; i++) {
        while (late->sockets[i].answers > 0 && end_one(late->sockets[i].fd))
            if (--late->sockets[i].answers == 0)
                close(late->sockets[i].fd);
    }
}

void check_late_close(struct check_late *late)
{
    for (uint32_t i = 0; i < CHECK_LATE_MAX; i++)
        if (late->sockets[i].answers > 0)
            close(late->sockets[i].fd);
    *late = (struct check_late){ 0 };
}
