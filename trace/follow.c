/* SPDX-License-Identifier: MIT */
/* The table of sockets of a trace, and the state of TCP that each call led to. */
#include "trace/follow.h"

#include "os/clock.h"
#include "report/text.h"
#include "trace/look_up.h"
#include "trace/story.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* ---- which socket ---- */

static struct trace_socket *find_socket(struct trace_memory *m, uint64_t inode)
{
    for (size_t i = 0; i < TRACE_SOCKETS; i++)
        if (m->inodes[i] == inode && m->sockets[i].number)
            return &m->sockets[i];
    return NULL;
}

/* A free slot; or that of the socket which was longest unseen, a closed one first. */
static size_t choose_slot(const struct trace_memory *m)
{
    size_t best = 0;

    for (size_t i = 0; i < TRACE_SOCKETS; i++) {
        const struct trace_socket *s = &m->sockets[i], *b = &m->sockets[best];

        if (s->number == 0)
            return i;
        if (s->closed != b->closed ? s->closed : s->seen < b->seen)
            best = i;
    }
    return best;
}

static int socket_option(int fd, int name)
{
    int value = 0;
    socklen_t len = sizeof value;

    return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

static enum trace_kind kind_of(int fd)
{
    int family = socket_option(fd, SO_DOMAIN);

    if (family == AF_UNIX)
        return TRACE_UNIX;
    if (family == AF_NETLINK)
        return TRACE_NETLINK;
    if (family != AF_INET && family != AF_INET6)
        return TRACE_OTHER;
    switch (socket_option(fd, SO_TYPE)) {
    case SOCK_STREAM:
        return TRACE_TCP;
    case SOCK_DGRAM:
        return TRACE_UDP;
    default:
        return TRACE_OTHER;
    }
}

static struct trace_socket *add_socket(struct trace *t, int fd, uint64_t inode)
{
    struct trace_memory *m = t->memory;
    size_t i = choose_slot(m);

    m->inodes[i] = inode;
    m->sockets[i] = (struct trace_socket){ .number = ++m->last, .kind = kind_of(fd) };
    return &m->sockets[i];
}

struct trace_socket *follow_socket(struct trace *t, int fd, uint64_t inode)
{
    struct trace_socket *s = find_socket(t->memory, inode);

    return s ? s : add_socket(t, fd, inode);
}

/* ---- what the kernel says of it ---- */

static enum tcp_state look(int fd, struct trace_call *c)
{
    struct tcp_info i = { 0 };
    socklen_t len = sizeof i;

    if (getsockopt(fd, SOL_TCP, TCP_INFO, &i, &len) < 0 || i.tcpi_state >= STATE_COUNT)
        return STATE_UNKNOWN;
    c->measured = i.tcpi_state != STATE_LISTEN && i.tcpi_state != STATE_CLOSED;
    c->rtt = i.tcpi_rtt * KEDGE_USEC;
    c->rto = i.tcpi_rto * KEDGE_USEC;
    c->cwnd = i.tcpi_snd_cwnd;
    c->resent = i.tcpi_total_retrans;
    return (enum tcp_state)i.tcpi_state;
}

/* Addresses are asked for while there is a connection to have them. */
static bool learn_addresses(struct trace_socket *s, int fd)
{
    struct kedge_address local = { .len = sizeof local.storage }, remote = local;

    if (s->remote.len > 0 ||
        getpeername(fd, (struct sockaddr *)&remote.storage, &remote.len) < 0 ||
        getsockname(fd, (struct sockaddr *)&local.storage, &local.len) < 0)
        return false;
    s->local = local;
    s->remote = remote;
    return true;
}

static void say_peer(const struct trace_socket *s, struct trace_call *c)
{
    struct writer w = { .ptr = (uint8_t *)c->words, .room = sizeof c->words - 1 };
    char peer[KEDGE_ADDRESS_TEXT];

    if (*c->words)
        return;
    put(&w, span_of("with "));
    text_printable(&w, span_of(kedge_address_print(&s->remote, peer)), 128);
}

/* Closed, and not by us. After our own FIN the path leads over TIME-WAIT or LAST-ACK. */
static bool was_ended(const struct trace_call *c)
{
    bool open = c->before == STATE_SYN_SENT || c->before == STATE_ESTABLISHED ||
                c->before == STATE_CLOSE_WAIT || c->before == STATE_FIN_WAIT_1 ||
                c->before == STATE_FIN_WAIT_2;

    return open && c->after == STATE_CLOSED && c->result != -ETIMEDOUT &&
           strncmp(c->name, "shutdown", 8) != 0;
}

/* A socket that still has its descriptor says CLOSED in TIME-WAIT, which the kernel keeps
 * for it elsewhere. */
static enum tcp_state beyond(const struct trace_socket *s, const struct trace_call *c)
{
    enum tcp_state left;

    if (c->after != STATE_CLOSED || c->result < 0 || s->remote.len == 0)
        return c->after;
    left = look_up_tcp(&s->local, &s->remote);
    return left == STATE_TIME_WAIT ? left : c->after;
}

static void tell(struct trace *t, struct trace_socket *s, struct trace_call *c)
{
    if (t->memory->count == 0)
        t->memory->start = clock_now();
    c->at = clock_now() - t->memory->start;
    c->socket = s->number;
    c->before = s->state;
    c->kind = s->kind;
    c->process = t->process;
    c->reset |= c->result == -ECONNREFUSED && c->after == STATE_CLOSED;
    s->seen = c->at;
    s->state = c->after;
    story_tell(t, c);
}

void follow_call(struct trace *t, int fd, uint64_t inode, struct trace_call *c,
                 bool begins)
{
    struct trace_socket *s = find_socket(t->memory, inode);
    bool known = s != NULL;

    s = s ? s : add_socket(t, fd, inode);
    c->after = s->kind == TRACE_TCP ? look(fd, c) : STATE_UNKNOWN;
    if (begins && !known && strncmp(c->name, "accept", 6) == 0 && s->kind == TRACE_TCP)
        s->state = STATE_LISTEN;
    if (s->kind != TRACE_TCP && strcmp(c->name, "connect") == 0)
        s->remote.len = 0; /* a datagram socket may take another peer */
    if (learn_addresses(s, fd))
        say_peer(s, c);
    c->before = s->state;
    c->after = beyond(s, c);
    c->reset |= was_ended(c);
    tell(t, s, c);
}

/* ---- its end ---- */

/* What the kernel does at close() with bytes that nobody has read, or where it was told not
 * to linger: it resets. */
static bool will_reset(int fd, enum tcp_state state)
{
    struct linger linger = { 0 };
    socklen_t len = sizeof linger;
    int unread = 0;

    if (state == STATE_UNKNOWN || state == STATE_LISTEN || state == STATE_CLOSED)
        return false;
    (void)getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len);
    (void)ioctl(fd, SIOCINQ, &unread);
    return unread > 0 || (linger.l_onoff && linger.l_linger == 0);
}

void follow_closing(struct trace *t, int fd, uint64_t inode, struct trace_call *c)
{
    struct trace_socket *s = follow_socket(t, fd, inode);

    (void)learn_addresses(s, fd);
    if (s->kind != TRACE_TCP)
        return;
    c->after = look(fd, c);
    c->reset = will_reset(fd, c->after);
    c->measured = false;
}

/* close() of the last descriptor leaves none of these: another one is open. */
static bool is_held(enum tcp_state state)
{
    return state == STATE_ESTABLISHED || state == STATE_CLOSE_WAIT ||
           state == STATE_SYN_SENT;
}

/* True while the kernel may have more to tell of it. */
static bool close_tcp(struct trace *t, struct trace_socket *s, struct trace_call *c)
{
    if (s->state != STATE_TIME_WAIT)
        s->state = c->after; /* the peer may have finished since the last call */
    if (s->remote.len == 0 && s->state == STATE_LISTEN)
        c->after = STATE_CLOSED;
    else if (s->remote.len > 0)
        c->after = look_up_tcp(&s->local, &s->remote);
    if (is_held(c->after)) {
        c->reset = false;
        return true;
    }
    s->closed = true;
    return c->after != STATE_CLOSED && !t->apart;
}

void follow_closed(struct trace *t, uint64_t inode, struct trace_call *c)
{
    struct trace_socket *s = find_socket(t->memory, inode);
    bool more = false;

    if (!s)
        return;
    if (s->kind == TRACE_TCP && c->after != STATE_UNKNOWN)
        more = close_tcp(t, s, c);
    tell(t, s, c);
    if (!more && s->kind == TRACE_TCP)
        s->number = 0;
}

/* True while it may still change. */
static bool look_again(struct trace *t, struct trace_socket *s)
{
    struct trace_call c = { .result = 0 };

    c.after = look_up_tcp(&s->local, &s->remote);
    c.before = s->state;
    c.reset = !s->closed && was_ended(&c);
    if (!s->closed && c.after == s->state)
        return false; /* a process that lives on has it */
    s->closed = true;
    if (c.after != s->state && c.after != STATE_UNKNOWN)
        tell(t, s, &c);
    if (c.after == STATE_CLOSED || c.after == STATE_UNKNOWN)
        s->number = 0;
    return s->number && c.after != STATE_TIME_WAIT;
}

unsigned follow_settle(struct trace *t, bool ended)
{
    unsigned count = 0;

    for (size_t i = 0; i < TRACE_SOCKETS; i++) {
        struct trace_socket *s = &t->memory->sockets[i];

        if (s->number && s->kind == TRACE_TCP && s->state != STATE_TIME_WAIT &&
            s->remote.len > 0 && (s->closed || ended))
            count += look_again(t, s);
    }
    return count;
}
