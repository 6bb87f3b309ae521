#include "net/trace.h"

#include "base/number.h"
#include "os/clock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define LOOK_AGAIN KEDGE_MSEC /* at what is closed */

struct followed {
    uint32_t number; /* 0: the slot is free */
    int fd;          /* -1: closed */
    enum kedge_tcp_state state;
    struct kedge_address local, remote; /* len 0: not known yet */
};

struct kedge_trace {
    void (*saw)(void *owner, const struct kedge_call *call);
    void *owner;
    kedge_nanos start;
    uint32_t last; /* number */
    struct followed sockets[KEDGE_TRACE_SOCKETS];
};

struct kedge_trace *kedge_trace_open(void (*saw)(void *, const struct kedge_call *),
                                     void *owner)
{
    struct kedge_trace *t = saw ? calloc(1, sizeof *t) : NULL;

    if (!t)
        return NULL;
    t->saw = saw;
    t->owner = owner;
    t->start = net_clock();
    return t;
}

void kedge_trace_free(struct kedge_trace *t)
{
    free(t);
}

/* ---- which socket ---- */

static struct followed *find(struct kedge_trace *t, int fd)
{
    for (size_t i = 0; i < KEDGE_TRACE_SOCKETS; i++)
        if (t->sockets[i].number && t->sockets[i].fd == fd)
            return &t->sockets[i];
    return NULL;
}

/* A free slot, or that of a closed socket; NULL where all are open. */
static struct followed *follow(struct kedge_trace *t, int fd)
{
    struct followed *slot = NULL;

    for (size_t i = 0; i < KEDGE_TRACE_SOCKETS && !(slot && slot->number == 0); i++)
        if (t->sockets[i].number == 0 || t->sockets[i].fd < 0)
            slot = &t->sockets[i];
    if (slot)
        *slot = (struct followed){ .number = ++t->last, .fd = fd };
    return slot;
}

/* ---- what the kernel says of it ---- */

static enum kedge_tcp_state look(int fd, struct kedge_call *c)
{
    struct tcp_info i = { 0 };
    socklen_t len = sizeof i;

    if (fd < 0 || getsockopt(fd, SOL_TCP, TCP_INFO, &i, &len) < 0 ||
        i.tcpi_state >= KEDGE_TCP_STATES)
        return KEDGE_TCP_UNKNOWN;
    c->measured = i.tcpi_state != KEDGE_TCP_LISTEN && i.tcpi_state != KEDGE_TCP_CLOSED;
    c->rtt = i.tcpi_rtt * KEDGE_USEC;
    c->rto = i.tcpi_rto * KEDGE_USEC;
    c->cwnd = i.tcpi_snd_cwnd;
    c->resent = i.tcpi_total_retrans;
    return (enum kedge_tcp_state)i.tcpi_state;
}

/* Addresses are asked for while there is a connection to have them. */
static bool learn_addresses(struct followed *s)
{
    struct kedge_address local = { .len = sizeof local.storage }, remote = local;

    if (s->remote.len > 0 ||
        getpeername(s->fd, (struct sockaddr *)&remote.storage, &remote.len) < 0 ||
        getsockname(s->fd, (struct sockaddr *)&local.storage, &local.len) < 0)
        return false;
    s->local = local;
    s->remote = remote;
    return true;
}

/* Closed, and not by us. After our own FIN the way leads over TIME-WAIT or LAST-ACK. */
static bool was_ended(const struct followed *s, const struct kedge_call *c)
{
    bool open = c->before == KEDGE_TCP_SYN_SENT || c->before == KEDGE_TCP_ESTABLISHED ||
                c->before == KEDGE_TCP_CLOSE_WAIT || c->before == KEDGE_TCP_FIN_WAIT_1 ||
                c->before == KEDGE_TCP_FIN_WAIT_2;

    return s->fd >= 0 && open && c->after == KEDGE_TCP_CLOSED &&
           c->result != -ETIMEDOUT && strncmp(c->name, "shutdown", 8) != 0;
}

/* A socket that still has its descriptor says CLOSED in TIME-WAIT, which the kernel keeps
 * for it elsewhere. */
static enum kedge_tcp_state beyond(const struct followed *s, const struct kedge_call *c)
{
    enum kedge_tcp_state left;

    if (c->after != KEDGE_TCP_CLOSED || c->result < 0 || s->remote.len == 0)
        return c->after;
    left = trace_look_up(&s->local, &s->remote);
    return left == KEDGE_TCP_TIME_WAIT ? left : c->after;
}

static void tell(struct kedge_trace *t, struct followed *s, struct kedge_call *c)
{
    char peer[KEDGE_ADDRESS_TEXT];

    c->at = net_clock() - t->start;
    if (s) {
        c->socket = s->number;
        c->before = s->state;
        if (s->fd >= 0 && learn_addresses(s))
            c->peer = kedge_address_print(&s->remote, peer);
        c->after = beyond(s, c);
        c->reset |= was_ended(s, c);
        s->state = c->after;
    }
    c->reset |= c->result == -ECONNREFUSED && c->after == KEDGE_TCP_CLOSED;
    t->saw(t->owner, c);
}

/* ---- its beginning ---- */

static bool begins(const char *name)
{
    return strcmp(name, "socket") == 0 || strcmp(name, "accept") == 0;
}

static struct followed *begin(struct kedge_trace *t, const struct kedge_call *c)
{
    struct followed *s = find(t, c->fd);

    kedge_trace_settle(t, 0);
    if (s) /* closed without our knowing */
        s->number = 0;
    s = follow(t, c->fd);
    if (s && c->after != KEDGE_TCP_UNKNOWN && *c->name == 'a')
        s->state = KEDGE_TCP_LISTEN;
    return s;
}

void kedge_trace_call(struct kedge_trace *t, int fd, const char *name, int64_t result)
{
    struct kedge_call c = { .fd = fd, .name = name, .result = result };
    int error = errno;
    struct followed *s;

    if (!t || fd < 0)
        return;
    c.after = look(fd, &c);
    s = begins(name) ? begin(t, &c) : find(t, fd);
    if (!s)
        s = follow(t, fd);
    tell(t, s, &c);
    errno = error;
}

/* ---- its end ---- */

/* What the kernel does at close() with bytes that nobody has read, or where it was told not
 * to linger: it resets. */
static bool will_reset(int fd, enum kedge_tcp_state state)
{
    struct linger linger = { 0 };
    socklen_t len = sizeof linger;
    int unread = 0;

    if (state == KEDGE_TCP_UNKNOWN || state == KEDGE_TCP_LISTEN ||
        state == KEDGE_TCP_CLOSED)
        return false;
    (void)getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len);
    (void)ioctl(fd, SIOCINQ, &unread);
    return unread > 0 || (linger.l_onoff && linger.l_linger == 0);
}

static void trace_closed(struct kedge_trace *t, struct followed *s, struct kedge_call *c)
{
    if (s && c->after != KEDGE_TCP_UNKNOWN) {
        if (s->state != KEDGE_TCP_TIME_WAIT)
            s->state = c->after; /* the peer may have finished since the last call */
        s->fd = -1;
        c->after =
            s->remote.len > 0 ? trace_look_up(&s->local, &s->remote) : KEDGE_TCP_CLOSED;
    }
    tell(t, s, c);
    if (s && (s->fd >= 0 || c->after == KEDGE_TCP_CLOSED))
        s->number = 0;
}

void kedge_trace_close(struct kedge_trace *t, int fd)
{
    struct kedge_call c = { .fd = fd, .name = "close" };
    struct followed *s = t ? find(t, fd) : NULL;

    if (t) {
        c.after = look(fd, &c);
        c.reset = will_reset(fd, c.after);
        c.measured = false;
    }
    close(fd);
    if (t)
        trace_closed(t, s, &c);
}

/* True while it may still change. */
static bool look_again(struct kedge_trace *t, struct followed *s)
{
    struct kedge_call c = { .fd = -1, .name = "" };

    c.after = trace_look_up(&s->local, &s->remote);
    if (c.after != s->state && c.after != KEDGE_TCP_UNKNOWN)
        tell(t, s, &c);
    if (c.after == KEDGE_TCP_CLOSED || c.after == KEDGE_TCP_UNKNOWN)
        s->number = 0;
    return s->number && c.after != KEDGE_TCP_TIME_WAIT;
}

static unsigned unsettled(struct kedge_trace *t)
{
    unsigned count = 0;

    for (size_t i = 0; i < KEDGE_TRACE_SOCKETS; i++) {
        struct followed *s = &t->sockets[i];

        if (s->number && s->fd < 0 && s->state != KEDGE_TCP_TIME_WAIT)
            count += look_again(t, s);
    }
    return count;
}

void kedge_trace_settle(struct kedge_trace *t, kedge_nanos patience)
{
    const struct timespec pause = { .tv_nsec = (long)LOOK_AGAIN };
    kedge_nanos end = add_sat(net_clock(), patience);

    while (t && unsettled(t) > 0 && net_clock() < end)
        (void)nanosleep(&pause, NULL);
}
