/* SPDX-License-Identifier: MIT */
/* What is said of each kind of call, beside its result and the state it led to. */
#include "trace/see.h"

#include "report/text.h"
#include "trace/calls.h"
#include "trace/follow.h"
#include "trace/hook.h"
#include "trace/options.h"
#include "trace/packet.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

#define MESSAGES_MOST 64 /* lines of one sendmmsg or recvmmsg */

static struct writer words_of(struct trace_call *c)
{
    return (struct writer){ .ptr = (uint8_t *)c->words, .room = sizeof c->words - 1 };
}

static void put_address(struct writer *w, const char *before,
                        const struct kedge_address *a)
{
    char text[KEDGE_ADDRESS_TEXT];

    put(w, span_of(before));
    text_printable(w, span_of(kedge_address_print(a, text)), 128);
}

static struct kedge_address address_of(const struct sockaddr *from, socklen_t len)
{
    struct kedge_address a = { .len = 0 };

    if (!from || len < sizeof(sa_family_t) || len > sizeof a.storage)
        return a;
    a.len = len;
    memcpy(&a.storage, from, a.len);
    return a;
}

/* ---- calls that move no bytes ---- */

long see_call(int fd, const char *name, long result)
{
    struct hook h;

    if (hook_enter(&h, fd, name, result)) {
        follow_call(h.trace, fd, h.inode, &h.call, false);
        hook_leave(&h);
    }
    return result;
}

int see_begun(int fd, const char *name, int other)
{
    struct hook h;

    if (hook_enter(&h, fd < 0 ? other : fd, name, fd)) {
        follow_call(h.trace, fd < 0 ? other : fd, h.inode, &h.call, fd >= 0);
        hook_leave(&h);
    }
    return fd;
}

int see_bind(int fd, int result)
{
    struct kedge_address at = { .len = sizeof at.storage };
    struct writer w;
    struct hook h;

    if (!hook_enter(&h, fd, "bind", result))
        return result;
    w = words_of(&h.call);
    if (result == 0 && getsockname(fd, (struct sockaddr *)&at.storage, &at.len) == 0)
        put_address(&w, "at ", &at);
    follow_call(h.trace, fd, h.inode, &h.call, false);
    hook_leave(&h);
    return result;
}

int see_listen(int fd, int backlog, int result)
{
    struct hook h;

    if (!hook_enter(&h, fd, "listen", result))
        return result;
    snprintf(h.call.words, sizeof h.call.words, "backlog %d", backlog);
    follow_call(h.trace, fd, h.inode, &h.call, false);
    hook_leave(&h);
    return result;
}

/* A call that failed may have been given addresses that nobody can read. */
static bool is_readable(const struct hook *h)
{
    return h->call.result >= 0 || (h->error != EFAULT && h->error != EINVAL);
}

/* Where it succeeds, the kernel names the peer; the program's word counts where not. */
int see_connect(int fd, const struct sockaddr *to, socklen_t len, int result)
{
    struct kedge_address address;
    struct writer w;
    struct hook h;

    if (!hook_enter(&h, fd, "connect", result))
        return result;
    w = words_of(&h.call);
    address = result < 0 && is_readable(&h) ? address_of(to, len)
                                            : (struct kedge_address){ .len = 0 };
    if (address.len > 0)
        put_address(&w, "to ", &address);
    follow_call(h.trace, fd, h.inode, &h.call, false);
    hook_leave(&h);
    return result;
}

int see_option(int fd, int level, int name, const void *value, socklen_t len)
{
    int result = NEXT(setsockopt)(fd, level, name, value, len);
    struct hook h;

    if (!hook_enter(&h, fd, "", result))
        return result;
    option_words(h.call.name, sizeof h.call.name,
                 &(struct option_set){ level, name, result == 0 ? value : NULL, len });
    follow_call(h.trace, fd, h.inode, &h.call, false);
    hook_leave(&h);
    return result;
}

static void name_events(char out[TRACE_NAME], short events)
{
    static const struct {
        short bit;
        const char *name;
    } names[] = { { POLLIN, "IN" },   { POLLPRI, "PRI" }, { POLLOUT, "OUT" },
                  { POLLERR, "ERR" }, { POLLHUP, "HUP" }, { POLLNVAL, "NVAL" } };
    struct writer w = { .ptr = (uint8_t *)out, .room = TRACE_NAME - 1 };

    put(&w, span_of("poll"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (events & names[i].bit) {
            put(&w, span_of(w.len == 4 ? " POLL" : "|"));
            put(&w, span_of(names[i].name));
        }
    out[w.len] = 0;
}

/* A line each socket that is ready; where none is, one for the first. A look without
 * waiting that finds nothing is not worth one. */
void see_poll(const struct pollfd *fds, nfds_t count, int timeout, int result)
{
    char name[TRACE_NAME];
    bool one = false;

    if ((result == 0 && timeout == 0) || (result < 0 && errno != EINTR))
        return;
    for (nfds_t i = 0; i < count && !one; i++) {
        if (result > 0 && !fds[i].revents)
            continue;
        name_events(name, result > 0 ? fds[i].revents : 0);
        (void)see_call(fds[i].fd, name, result);
        one = result <= 0;
    }
}

/* ---- calls that move bytes ---- */

/* The first bytes, together. */
static size_t gather(const struct see_data *d, size_t size, uint8_t out[PACKET_HEAD])
{
    const struct iovec *iov = d->iov ? d->iov : &d->one;
    size_t count = d->iov ? d->count : 1, len = 0;

    for (size_t i = 0; i < count && len < PACKET_HEAD && len < size; i++) {
        size_t part = iov[i].iov_len;

        part = part < PACKET_HEAD - len ? part : PACKET_HEAD - len;
        part = part < size - len ? part : size - len;
        if (part > 0)
            memcpy(out + len, iov[i].iov_base, part);
        len += part;
    }
    return len;
}

/* Of several datagrams in one message (UDP_SEGMENT, UDP_GRO), the size of each; else 0. */
static size_t segment_size(const struct see_data *d)
{
    struct msghdr *m = (struct msghdr *)d->message;
    uint16_t size = 0;

    for (struct cmsghdr *c = m && m->msg_control ? CMSG_FIRSTHDR(m) : NULL; c;
         c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_UDP && c->cmsg_len >= CMSG_LEN(sizeof size) &&
            c->cmsg_type == (d->out ? UDP_SEGMENT : UDP_GRO))
            memcpy(&size, CMSG_DATA(c), sizeof size);
    return size;
}

/* "DATA 3, 512 bytes"; of a batch its first, and how many follow. */
static void put_packets(struct hook *h, struct trace_socket *s, const struct see_data *d,
                        struct writer *w)
{
    size_t size = (size_t)h->call.result, segment = segment_size(d);
    bool batch = segment > 0 && segment < size;
    uint8_t head[PACKET_HEAD];
    struct packet_seen p = { .size = batch ? segment : size,
                             .other = address_of(d->address, d->address_len) };

    p.head = (struct kedge_span){ head, gather(d, p.size, head) };
    if (p.other.len == 0)
        p.other = s->remote;
    if (packet_words(h->trace->memory, s, &p, w) && batch) {
        put(w, span_of(", and "));
        put_decimal(w, (size - 1) / segment);
        put(w, span_of(" more"));
    }
}

static void say_data(struct hook *h, int fd, const struct see_data *d)
{
    struct trace_socket *s = follow_socket(h->trace, fd, h->inode);
    struct kedge_address other = address_of(d->address, d->address_len);
    struct writer w = words_of(&h->call);

    if (s->kind != TRACE_UDP)
        return;
    if (h->call.result > 0 && !(d->flags & MSG_ERRQUEUE))
        put_packets(h, s, d, &w);
    h->call.packet = w.len > 0;
    if (other.len == 0)
        return;
    if (w.len > 0)
        put(&w, span_of(", "));
    put_address(&w, d->out ? "to " : "from ", &other);
}

static const char *flag_name(int flags)
{
    if (flags & MSG_ERRQUEUE)
        return " MSG_ERRQUEUE";
    return flags & MSG_PEEK ? " MSG_PEEK" : "";
}

ssize_t see_data(int fd, const struct see_data *d, ssize_t result)
{
    char name[TRACE_NAME];
    struct hook h;

    snprintf(name, sizeof name, "%s%s", d->name, d->out ? "" : flag_name(d->flags));
    if (!hook_enter(&h, fd, name, result))
        return result;
    if (result >= 0 || (d->out && is_readable(&h)))
        say_data(&h, fd, d);
    follow_call(h.trace, fd, h.inode, &h.call, false);
    hook_leave(&h);
    return result;
}

/* "recvmmsg 2/3": its result is what the second of three brought. */
int see_messages(int fd, struct see_data *d, const struct mmsghdr *messages, int result)
{
    struct see_data one = *d;
    char text[TRACE_NAME];

    if (result <= 0)
        return (int)see_call(fd, d->name, result);
    one.name = text;
    for (int i = 0; i < result && i < MESSAGES_MOST; i++) {
        const struct msghdr *m = &messages[i].msg_hdr;

        snprintf(text, sizeof text, "%s %d/%d", d->name, i + 1, result);
        one.iov = m->msg_iov;
        one.count = m->msg_iovlen;
        one.address = m->msg_name;
        one.address_len = m->msg_namelen;
        one.message = m;
        (void)see_data(fd, &one, (ssize_t)messages[i].msg_len);
    }
    return result;
}

/* ---- close ---- */

int see_close(int fd)
{
    struct trace_call before;
    struct hook h;
    int result;

    if (hook_owns(fd)) {
        errno = EBADF;
        return -1;
    }
    if (!hook_enter(&h, fd, "close", 0))
        return NEXT(close)(fd);
    follow_closing(h.trace, fd, h.inode, &h.call);
    before = h.call;
    hook_leave(&h);
    result = NEXT(close)(fd);
    if (!hook_again(&h, result))
        return result;
    before.result = h.call.result;
    h.call = before;
    follow_closed(h.trace, h.inode, &h.call);
    hook_leave(&h);
    return result;
}
