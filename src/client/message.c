/* SPDX-License-Identifier: MIT */
/* One message sent and its reply awaited, over a dialled socket of any kind. */
#include "client/message.h"

#include "base/number.h"
#include "kedge/stream.h"
#include "os/clock.h"
#include "net/connection.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* One exchange under way. */
struct exchange {
    struct message_link *link;
    struct kedge_span left; /* to send */
    size_t wanted;          /* bytes of a whole reply on a stream */
    size_t got;
    kedge_nanos start, end; /* end: give up */
    kedge_nanos last;       /* the last byte came */
    bool over, ended;       /* ended: the peer finished */
    struct message_result result;
};

int message_dial(const struct kedge_endpoint *e, kedge_nanos timeout,
                 struct message_link *out, struct kedge_error *error)
{
    int err;

    out->fd = kedge_endpoint_dial(e, timeout, error);
    if (out->fd < 0)
        return -1;
    err = connection_nonblocking(out->fd);
    KEDGE_ASSERT(err == 0); /* of a descriptor that is ours */
    out->stream = e->transport == KEDGE_TCP || e->transport == KEDGE_UNIX;
    out->packets = e->transport == KEDGE_UNIX_SEQPACKET;
    out->timeout = timeout;
    out->late = 0;
    return 0;
}

void message_close(struct message_link *link)
{
    close(link->fd);
    link->fd = -1;
}

static void exchange_finish(struct exchange *x, enum message_outcome outcome, int code)
{
    x->over = true;
    x->result.outcome = outcome;
    x->result.code = code;
}

static void take_answer(struct exchange *x)
{
    x->result.cut = x->got > MESSAGE_MAX;
    x->result.reply.ptr = x->link->reply;
    x->result.reply.len = min_u64(x->got, MESSAGE_MAX);
    x->result.rtt = x->last - x->start;
    exchange_finish(x, MESSAGE_ANSWERED, 0);
}

/* What came before this message cannot be its reply. */
static void drop_late(struct message_link *link)
{
    while (recv(link->fd, link->reply, MESSAGE_MAX, 0) > 0)
        link->late++;
}

static void send_some(struct exchange *x)
{
    ssize_t n = send(x->link->fd, x->left.ptr, x->left.len, MSG_NOSIGNAL);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0)
        exchange_finish(x, MESSAGE_FAILED, -errno);
    else if (!x->link->stream)
        x->left.len = 0;
    else
        x->left = (struct kedge_span){ x->left.ptr + n, x->left.len - (size_t)n };
}

static void receive_stream(struct exchange *x)
{
    size_t room = MESSAGE_MAX + 1 - x->got;
    ssize_t n = recv(x->link->fd, x->link->reply + x->got, room, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0 && x->got == 0) {
        exchange_finish(x, MESSAGE_FAILED, -errno);
        return;
    }
    if (n > 0) {
        x->got += (size_t)n;
        x->last = clock_now();
    }
    x->ended = n <= 0;
    if (x->ended && x->got == 0)
        exchange_finish(x, MESSAGE_CLOSED, 0);
    else if (x->ended || x->got >= x->wanted || x->got > MESSAGE_MAX)
        take_answer(x);
}

static void receive_datagram(struct exchange *x)
{
    ssize_t n = recv(x->link->fd, x->link->reply, MESSAGE_MAX, MSG_TRUNC);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        exchange_finish(x, MESSAGE_FAILED, -errno);
    } else if (n == 0 && x->link->packets) {
        exchange_finish(x, MESSAGE_CLOSED, 0);
    } else {
        x->last = clock_now();
        x->got = (size_t)n;
        take_answer(x);
    }
}

/* When waiting ends: for good, or because a stream has been silent behind a part. */
static kedge_nanos deadline(const struct exchange *x)
{
    if (x->got > 0 && x->left.len == 0)
        return min_u64(x->end, x->last + MESSAGE_GAP);
    return x->end;
}

/* Until something can be done; the events of the socket. */
static short message_await(const struct message_link *link, short events,
                           kedge_nanos until, bool *cancelled)
{
    struct pollfd fds[2] = { { .fd = link->fd, .events = events },
                             { .fd = link->cancel, .events = POLLIN } };
    kedge_nanos left = sub_sat(until, clock_now());
    struct timespec t = { (time_t)(left / KEDGE_SEC), (long)(left % KEDGE_SEC) };
    int n = ppoll(fds, 2, until == KEDGE_NEVER ? NULL : &t, NULL);

    *cancelled = n > 0 && fds[1].revents;
    return n > 0 ? fds[0].revents : 0;
}

static void message_step(struct exchange *x)
{
    short events = (short)(POLLIN | (x->left.len > 0 ? POLLOUT : 0));
    bool cancelled = false;
    short ready = message_await(x->link, events, deadline(x), &cancelled);

    if (cancelled)
        exchange_finish(x, MESSAGE_CANCELLED, 0);
    if (!x->over && ready & (POLLIN | POLLERR | POLLHUP)) {
        if (x->link->stream)
            receive_stream(x);
        else
            receive_datagram(x);
    }
    if (!x->over && x->left.len > 0 && ready & POLLOUT)
        send_some(x);
    if (x->over || clock_now() < deadline(x))
        return;
    if (x->got > 0)
        take_answer(x);
    else
        exchange_finish(x, MESSAGE_TIMEOUT, 0);
}

void message_finish(struct message_link *link)
{
    kedge_nanos until = add_sat(clock_now(), link->timeout);
    bool cancelled = false;
    ssize_t n = 0;

    if (!link->stream)
        return;
    n = kedge_shutdown_write(link->fd);
    while (n >= 0 && !cancelled && message_await(link, POLLIN, until, &cancelled)) {
        n = recv(link->fd, link->reply, MESSAGE_MAX, 0);
        if (n == 0)
            break;
    }
}

void message_reset(struct message_link *link)
{
    int err = connection_reset_at_close(link->fd);

    KEDGE_ASSERT(err == 0); /* of a descriptor that is ours */
}

bool message_greeting(struct message_link *link, struct kedge_span *out)
{
    kedge_nanos until = add_sat(clock_now(), link->timeout);
    bool cancelled = false;
    ssize_t n = 1;

    *out = (struct kedge_span){ link->reply, 0 };
    while (link->stream && n > 0 && out->len < MESSAGE_MAX && clock_now() < until) {
        if (!message_await(link, POLLIN, clock_now() + MESSAGE_GAP, &cancelled))
            break;
        n = recv(link->fd, link->reply + out->len, MESSAGE_MAX - out->len, 0);
        out->len += n > 0 ? (size_t)n : 0;
    }
    return !cancelled;
}

struct message_result message_exchange(struct message_link *link,
                                       struct kedge_span message)
{
    struct exchange x = { .link = link, .left = message, .wanted = message.len };

    KEDGE_ASSERT(message.len <= MESSAGE_MAX);
    drop_late(link);
    x.start = clock_now();
    x.end = add_sat(x.start, link->timeout);
    send_some(&x);
    while (!x.over)
        message_step(&x);
    return x.result;
}

bool message_sleep(const struct message_link *link, kedge_nanos until)
{
    struct message_link none = { .fd = -1, .cancel = link->cancel };
    bool cancelled = false;

    while (!cancelled && clock_now() < until)
        (void)message_await(&none, 0, until, &cancelled);
    return !cancelled;
}
