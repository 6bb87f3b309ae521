/* SPDX-License-Identifier: MIT */
/* The echo service on connections (RFC 862). */
#include "serve/echo/tcp.h"

#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct echo_connection {
    struct echo_tcp *echo;
    struct loop_watch watch;
    struct echo_connection *older, *newer; /* newer also links the free ones */
    kedge_nanos moved;                     /* when its last byte was */
    uint8_t *rest; /* taken and not sent yet: rest[rest_at, rest_end) */
    uint32_t rest_at, rest_end;
    bool bulk; /* much comes, or messages */
};

/* ---- the list by age: the oldest in front, all with the same limit ---- */

static void list_remove(struct echo_connection *c)
{
    struct echo_tcp *e = c->echo;

    *(c->older ? &c->older->newer : &e->oldest) = c->newer;
    *(c->newer ? &c->newer->older : &e->newest) = c->older;
}

static void list_append(struct echo_connection *c)
{
    struct echo_tcp *e = c->echo;

    c->older = e->newest;
    c->newer = NULL;
    *(e->newest ? &e->newest->newer : &e->oldest) = c;
    e->newest = c;
}

static void touch(struct echo_connection *c)
{
    c->moved = loop_now(c->echo->loop);
    if (c->echo->newest == c)
        return;
    list_remove(c);
    list_append(c);
}

/* ---- accepting ---- */

static void accept_or_wait(struct echo_tcp *e)
{
    bool full = e->open >= e->limits.connections;

    if (e->listener.added)
        loop_watch_change(e->loop, &e->listener, full ? 0 : LOOP_READ);
}

static void drop_rest(struct echo_connection *c)
{
    if (c->rest)
        c->echo->kept -= c->rest_end;
    free(c->rest);
    c->rest = NULL;
}

static bool is_beyond(const struct echo_tcp *e, int fd)
{
    return e->limits.descriptors && fd >= e->limits.descriptors;
}

static void echo_connection_end(struct echo_connection *c, uint64_t *count)
{
    struct echo_tcp *e = c->echo;

    loop_watch_forget(e->loop, &c->watch);
    close(c->watch.fd);
    e->beyond -= is_beyond(e, c->watch.fd);
    drop_rest(c);
    list_remove(c);
    *c = (struct echo_connection){ .echo = e, .newer = e->free };
    e->free = c;
    e->open--;
    (*count)++;
    accept_or_wait(e);
}

static void serve(void *owner, unsigned events);

static void echo_connection_begin(struct echo_tcp *e, int fd)
{
    struct echo_connection *c = e->free;
    struct echo_connection *next = c->newer;

    *c = (struct echo_connection){ .echo = e, .watch = { .ready = serve, .owner = c } };
    /* Messages are whole or not at all, so they always lie in the kernel's queue until
     * they are sent. */
    c->bulk = e->kind.messages;
    if (loop_watch_add(e->loop, &c->watch, fd, LOOP_READ) < 0) {
        c->newer = next;
        close(fd);
        return;
    }
    e->free = next;
    e->open++;
    e->beyond += is_beyond(e, fd);
    e->counts.accepted++;
    c->moved = loop_now(e->loop);
    list_append(c);
    if (e->open == 1 && e->limits.idle != KEDGE_NEVER)
        loop_timer_set(e->loop, &e->idle_check, add_sat(c->moved, e->limits.idle));
}

/* Who is not accepted waits in the queue; one accepted and closed would be lost. To ask
 * before costs two system calls, so that is done only once one has a descriptor of the
 * others'. */
static int accept_one(struct echo_tcp *e)
{
    int listener = e->listener.fd;

    if (e->beyond && !connection_room(listener, e->limits.descriptors))
        return -EMFILE;
    return connection_accept(listener);
}

static void accept_some(void *owner, unsigned events)
{
    struct echo_tcp *e = owner;
    int fd = 0;

    (void)events;
    for (int i = 0; i < ECHO_ACCEPTS && e->open < e->limits.connections; i++) {
        fd = accept_one(e);
        if (fd < 0)
            break;
        echo_connection_begin(e, fd);
    }
    accept_or_wait(e);
    if (fd >= 0 || fd == -EAGAIN)
        return;
    /* No descriptor or no memory: those who wait are still there after a moment. */
    e->counts.pauses++;
    loop_watch_change(e->loop, &e->listener, 0);
    loop_timer_set(e->loop, &e->accept_again, loop_now(e->loop) + ECHO_PAUSE);
}

static void accept_again(void *owner)
{
    accept_or_wait(owner);
}

/* ---- echoing ---- */

/* Send bytes; how many were taken, 0 for none now. */
static ssize_t send_some(struct echo_connection *c, const uint8_t *bytes, size_t size)
{
    ssize_t n = connection_write(c->watch.fd, bytes, size);

    if (n == -EAGAIN)
        return 0;
    if (n > 0) {
        c->echo->counts.bytes += (uint64_t)n;
        touch(c);
    }
    return n;
}

/* The next three: 0, or -errno when the connection is to end. Each leaves the watch
 * waiting for what it needs next. */

static void wait_for(struct echo_connection *c, unsigned events)
{
    loop_watch_change(c->echo->loop, &c->watch, events);
}

static int send_rest(struct echo_connection *c)
{
    ssize_t n = send_some(c, c->rest + c->rest_at, c->rest_end - c->rest_at);

    if (n < 0)
        return (int)n;
    c->rest_at += (uint32_t)n;
    if (c->rest_at < c->rest_end)
        return 0;
    drop_rest(c);
    wait_for(c, LOOP_READ);
    return 0;
}

static int keep_rest(struct echo_connection *c, const uint8_t *bytes, size_t size)
{
    c->rest = malloc(size);
    if (!c->rest)
        return -ENOMEM;
    memcpy(c->rest, bytes, size);
    c->rest_at = 0;
    c->rest_end = (uint32_t)size;
    c->echo->kept += size;
    wait_for(c, LOOP_WRITE);
    return 0;
}

/* Take a part, and send it. -ENODATA: there is no more to come. */
static int echo_part(struct echo_connection *c, size_t most)
{
    uint8_t *buffer = c->echo->buffer;
    ssize_t got = connection_read(c->watch.fd, buffer, most);
    ssize_t sent;

    if (got <= 0)
        return got < 0 ? (int)got : -ENODATA;
    c->bulk = got >= ECHO_PART;
    sent = send_some(c, buffer, (size_t)got);
    if (sent < 0)
        return (int)sent;
    return sent < got ? keep_rest(c, buffer + sent, (size_t)(got - sent)) : 0;
}

/* What comes stays in the kernel's queue until it is sent: a client that does not read
 * costs no memory here, and the kernel tells it to stop. */
static int echo_in_place(struct echo_connection *c)
{
    const struct connection_kind *kind = &c->echo->kind;
    uint8_t *buffer = c->echo->buffer;
    ssize_t got = connection_peek(c->watch.fd, buffer, ECHO_BUFFER);
    ssize_t sent;

    if (got < 0)
        return (int)got;
    if (got == 0 && (!kind->messages || connection_is_over(c->watch.fd)))
        return -ENODATA;
    sent = connection_write(c->watch.fd, buffer, (size_t)got);
    if (sent < 0 && sent != -EAGAIN)
        return (int)sent;
    if (sent >= 0) {
        connection_skip(c->watch.fd, kind, buffer, (size_t)sent);
        c->echo->counts.bytes += (uint64_t)sent;
        touch(c);
    }
    c->bulk = kind->messages || sent < got || got > ECHO_PART;
    wait_for(c, sent < got ? LOOP_WRITE : LOOP_READ);
    return 0;
}

static int echo_some(struct echo_connection *c)
{
    if (c->rest)
        return send_rest(c);
    if (!c->bulk)
        return echo_part(c, ECHO_PART);
    if (!c->echo->kind.messages && c->echo->kept + ECHO_BUFFER <= ECHO_KEPT)
        return echo_part(c, ECHO_BUFFER);
    return echo_in_place(c);
}

static void serve(void *owner, unsigned events)
{
    struct echo_connection *c = owner;
    int err = echo_some(c);

    (void)events;
    /* The last bytes and our FIN leave after close(), which resets nothing: all that
     * came was read. */
    if (err == -ENODATA)
        echo_connection_end(c, &c->echo->counts.finished);
    else if (err < 0 && err != -EAGAIN)
        echo_connection_end(c, &c->echo->counts.reset);
}

/* ---- the service ---- */

static void end_idle(struct echo_tcp *e, kedge_nanos now)
{
    while (e->oldest && now - e->oldest->moved >= e->limits.idle)
        echo_connection_end(e->oldest, &e->counts.idle);
    if (e->oldest)
        loop_timer_set(e->loop, &e->idle_check, e->oldest->moved + e->limits.idle);
}

/* To close while more is on its way would reset the connection, and take back what the
 * client has not read yet: so each is first quiet for a while. Those with something
 * unsent are not. */
static void end_quiet(struct echo_tcp *e, kedge_nanos now)
{
    for (struct echo_connection *c = e->oldest, *next; c; c = next) {
        kedge_nanos since = max_u64(c->moved, e->stopped);

        next = c->newer;
        if (c->watch.events == LOOP_READ && now - since >= ECHO_QUIET)
            echo_connection_end(c, &e->counts.finished);
    }
    if (e->oldest)
        loop_timer_set(e->loop, &e->idle_check, now + ECHO_QUIET / 4);
}

static void check(void *owner)
{
    struct echo_tcp *e = owner;

    if (e->stopped)
        end_quiet(e, loop_now(e->loop));
    else
        end_idle(e, loop_now(e->loop));
}

static int add_to_loop(struct echo_tcp *e, int listener)
{
    int err = loop_timer_add(e->loop, &e->accept_again);

    if (!err)
        err = loop_timer_add(e->loop, &e->idle_check);
    if (!err)
        err = loop_watch_add(e->loop, &e->listener, listener, LOOP_READ);
    return err;
}

int echo_tcp_open(struct echo_tcp *e, struct loop *l, int listener,
                  const struct echo_tcp_limits *limits, uint8_t *buffer)
{
    int err;

    KEDGE_ASSERT(limits->connections > 0);
    *e = (struct echo_tcp){ .loop = l, .limits = *limits, .buffer = buffer };
    e->listener = (struct loop_watch){ .ready = accept_some, .owner = e };
    e->accept_again = (struct loop_timer){ .due = accept_again, .owner = e };
    e->idle_check = (struct loop_timer){ .due = check, .owner = e };
    err = connection_listener(listener, &e->kind);
    if (err)
        return err;
    e->all = calloc(limits->connections, sizeof *e->all);
    if (!e->all)
        return -ENOMEM;
    for (uint32_t i = limits->connections; i-- > 0;) {
        e->all[i].newer = e->free;
        e->free = &e->all[i];
    }
    err = add_to_loop(e, listener);
    if (err) {
        loop_timer_remove(l, &e->accept_again);
        loop_timer_remove(l, &e->idle_check);
        free(e->all);
    }
    return err;
}

static void close_listener(struct echo_tcp *e)
{
    if (!e->listener.added)
        return;
    loop_watch_remove(e->loop, &e->listener);
    kedge_unlisten(e->listener.fd);
    loop_timer_remove(e->loop, &e->accept_again);
}

void echo_tcp_stop(struct echo_tcp *e)
{
    if (e->stopped)
        return;
    close_listener(e);
    e->stopped = loop_now(e->loop);
    loop_timer_set(e->loop, &e->idle_check, e->stopped + ECHO_QUIET);
}

void echo_tcp_close(struct echo_tcp *e)
{
    close_listener(e);
    while (e->oldest)
        echo_connection_end(e->oldest, &e->counts.reset);
    loop_timer_remove(e->loop, &e->idle_check);
    free(e->all);
    e->all = NULL;
}

const char *echo_tcp_summary(const struct echo_tcp *e, char out[SERVE_SUMMARY])
{
    const struct echo_tcp_counts *n = &e->counts;

    snprintf(out, SERVE_SUMMARY,
             "%" PRIu64 " connections, %" PRIu64 " bytes echoed; %" PRIu64
             " finished, %" PRIu64 " reset, %" PRIu64 " idle; %" PRIu64
             " pauses in accepting",
             n->accepted, n->bytes, n->finished, n->reset, n->idle, n->pauses);
    return out;
}
