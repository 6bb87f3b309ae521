/* SPDX-License-Identifier: MIT */
/* Plays on UDP sockets. */
#include "check/live.h"

#include "net/option.h"
#include "net/udp_control.h"
#include "net/udp_errors.h"
#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int live_family(const struct check_live *l)
{
    return net_address_is_v6(&l->source) ? AF_INET6 : AF_INET;
}

/* Errors of what was sent are told on the socket, though it is not connected. */
static void ask_for_errors(int fd, int family)
{
    const int on = 1;

    if (family == AF_INET6)
        (void)setsockopt(fd, SOL_IPV6, IPV6_RECVERR, &on, sizeof on);
    else
        (void)setsockopt(fd, SOL_IP, IP_RECVERR, &on, sizeof on);
}

static struct net_address live_address(int fd)
{
    struct kedge_address any = { .len = sizeof any.storage };
    struct net_address out = { .len = 0 };

    if (getsockname(fd, (struct sockaddr *)&any.storage, &any.len) < 0 ||
        !net_address_from(&any, &out))
        memset(&out, 0, sizeof out);
    return out;
}

int check_live_socket(struct check_live *l, uint32_t side, uint16_t port)
{
    struct net_address at = l->source;
    int fd;

    if (l->fds[side] >= 0)
        return l->fds[side];
    fd = socket(live_family(l), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    net_address_set_port(&at, port);
    if (bind(fd, &at.u.any, at.len) < 0) {
        int err = -errno;

        close(fd);
        return err;
    }
    ask_for_errors(fd, live_family(l));
    (void)option_set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    at = live_address(fd);
    l->sides[side].port = at.len > 0 ? net_address_port(&at) : 0;
    l->fds[side] = fd;
    return fd;
}

static void send_from(void *owner, uint32_t side, const struct net_address *to,
                      struct kedge_span bytes)
{
    struct check_live *l = owner;
    int fd = check_live_socket(l, side, 0);

    if (fd < 0)
        return;
    /* An error of one that was sent before is told once, and nothing was sent then. */
    for (int i = 0; i < 3; i++)
        if (sendto(fd, bytes.ptr, bytes.len, 0, &to->u.any, to->len) >= 0)
            break;
    if (l->pcap) {
        struct net_address from = live_address(fd);

        check_pcap_write(l->pcap, &from, to, bytes);
    }
}

int check_live_open(struct check_live *l, struct check_play *play)
{
    l->count = check_sides_needed(play->row);
    l->sides = calloc(l->count, sizeof *l->sides);
    l->fds = calloc(l->count, sizeof *l->fds);
    if (!l->sides || !l->fds) {
        check_live_close(l);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < l->count; i++)
        l->fds[i] = -1;
    l->play = play;
    play->io.send = send_from;
    play->io.sender = l;
    return 0;
}

void check_live_close(struct check_live *l)
{
    for (uint32_t i = 0; l->fds && i < l->count; i++)
        if (l->fds[i] >= 0)
            close(l->fds[i]);
    if (l->play)
        l->play->sides = NULL;
    free(l->fds);
    free(l->sides);
    l->play = NULL;
    l->fds = NULL;
    l->sides = NULL;
}

uint32_t check_live_poll(struct check_live *l, struct pollfd *out,
                         struct check_polled *whose, uint32_t room)
{
    uint32_t n = 0;

    for (uint32_t i = 0; l->play && i < l->count && n < room; i++) {
        if (l->fds[i] < 0)
            continue;
        out[n] = (struct pollfd){ .fd = l->fds[i], .events = POLLIN };
        whose[n++] = (struct check_polled){ l, i };
    }
    return n;
}

/* True where one of the errors is that nobody listens. */
static bool errors_say_refused(int fd)
{
    bool refused = false;

    for (int i = 0; i < CHECK_TURN; i++) {
        struct udp_error e = { 0 };
        uint8_t control[UDP_CONTROL], byte[64];
        struct iovec iov = { byte, sizeof byte };
        struct msghdr h = { .msg_name = &e.to.u.any,
                            .msg_namelen = sizeof e.to.u,
                            .msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control };

        if (recvmsg(fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            break;
        if (udp_error_read(&h, &e))
            refused |= e.code == ECONNREFUSED;
    }
    return refused;
}

/* How long ago the kernel got it; 0 if it does not say. */
static kedge_nanos age_of(struct msghdr *h)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        struct timespec t;
        uint64_t at, now = clock_wall();

        if (!control_is(c, SOL_SOCKET, SCM_TIMESTAMPNS))
            continue;
        memcpy(&t, CMSG_DATA(c), sizeof t);
        at = (uint64_t)t.tv_sec * KEDGE_SEC + (uint64_t)t.tv_nsec;
        return at < now ? (kedge_nanos)(now - at) : 0;
    }
    return 0;
}

static kedge_nanos later_of(kedge_nanos a, kedge_nanos b)
{
    return a > b ? a : b;
}

/* One datagram. False: none is there. A busy machine may come late to it: what it came too
 * late for is over by then. */
static bool read_one(struct check_live *l, uint32_t side, kedge_nanos now)
{
    struct kedge_address any = { .len = sizeof any.storage };
    struct net_address from;
    _Alignas(8) uint8_t control[UDP_CONTROL];
    struct iovec iov = { l->buffer, CHECK_DATAGRAM_MAX };
    struct msghdr h = { .msg_name = &any.storage,
                        .msg_namelen = sizeof any.storage,
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = sizeof control };
    ssize_t n = recvmsg(l->fds[side], &h, MSG_DONTWAIT);
    kedge_nanos age;

    if (n < 0)
        return false;
    any.len = h.msg_namelen;
    if (!net_address_from(&any, &from))
        return true;
    age = age_of(&h); /* before the other clock: what came late must not look early */
    if (clock_now() - age >= l->play->deadline)
        check_play_tick(l->play, later_of(now, l->play->deadline));
    if (l->pcap) {
        struct net_address to = live_address(l->fds[side]);

        check_pcap_write(l->pcap, &from, &to,
                         (struct kedge_span){ l->buffer, (size_t)n });
    }
    check_play_read(l->play, side, &from, (struct kedge_span){ l->buffer, (size_t)n },
                    later_of(now, l->play->now));
    return true;
}

void check_live_ready(const struct check_polled *p, short revents, kedge_nanos now)
{
    struct check_live *l = p->live;
    int left = CHECK_TURN;

    if (!l->play || l->fds[p->side] < 0)
        return;
    if (revents & POLLERR && errors_say_refused(l->fds[p->side]))
        check_play_refused(l->play, p->side, now);
    while (revents & POLLIN && left-- > 0 && read_one(l, p->side, now))
        continue;
}
