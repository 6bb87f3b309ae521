/* SPDX-License-Identifier: MIT */
/* tcp, unix and unix-seqpacket: the time to connect, then probes as messages of one
 * length on the open connection. A connection that ends takes with it what was waited
 * for; the next probe that is due dials again. */
#include "probe/dial.h"

#include "base/number.h"
#include "net/option.h"
#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_MIN 16384
#define OUT_PROBES                                                                       \
    4 /* of a peer that does not read, at least so many wait in our queue */

static void connect_next(struct probe_target *t);

static bool is_packets(const struct probe_target *t)
{
    return t->endpoint.transport == KEDGE_UNIX_SEQPACKET;
}

static void hang_up(struct probe_target *t, int code)
{
    struct probe_stream *s = t->stream;

    if (t->watch.added) {
        loop_watch_remove(&t->shared->loop, &t->watch);
        close(t->watch.fd);
    }
    s->state = STREAM_CLOSED;
    s->in_len = s->out_len = 0;
    t->code = s->foreign ? EPROTO : code; /* that it ends is the least of it */
    s->foreign = s->echoes = false;
    probe_stats_drop(&t->stats);
}

static bool is_tcp(const struct probe_target *t)
{
    return t->endpoint.transport == KEDGE_TCP;
}

static void stream_stamp_left(void *owner, uint32_t byte, uint64_t at_ns)
{
    const struct probe_target *t = owner;

    kernel_times_left_byte(t->kernel_times, byte, t->plan->size, at_ns);
}

static void stream_error(void *owner, const struct udp_error *e, struct kedge_span quoted)
{
    (void)owner;
    (void)e;
    (void)quoted;
}

/* Of a connection that is open, and on which nothing was sent. */
static void stamp(struct probe_target *t)
{
    int err = t->kernel_times ? stamps_open(t->watch.fd) : 0;

    if (t->kernel_times && err == 0) {
        kernel_times_restart(t->kernel_times);
        t->stream->overtook = 0;
        t->stream->waited = false;
    } else if (t->kernel_times) {
        kernel_times_close(t->kernel_times);
        t->kernel_times = NULL;
        t->no_kernel_times = (struct probe_cause){ CAUSE_SYSTEM, -err };
    }
}

static void connected(struct probe_target *t)
{
    kedge_nanos took = clock_now() - t->stream->started;

    t->stream->state = STREAM_OPEN;
    if (!net_address_from(&t->stream->addresses.at[t->stream->next], &t->address))
        t->address.len = 0;
    if (is_tcp(t))
        probe_marks(t, t->watch.fd);
    stamp(t);
    t->connect_min = t->connects ? min_u64(t->connect_min, took) : took;
    t->connect_max = max_u64(t->connect_max, took);
    t->connects++;
    loop_watch_change(&t->shared->loop, &t->watch, LOOP_READ);
}

/* This address did not work: the next one, until each had its turn. */
static void not_connected(struct probe_target *t, int code)
{
    hang_up(t, code);
    t->failed_connects++;
    t->stream->next = (t->stream->next + 1) % t->stream->addresses.count;
    if (++t->stream->tried < t->stream->addresses.count)
        connect_next(t);
}

static void flush_out(struct probe_target *t)
{
    struct probe_stream *s = t->stream;
    ssize_t n = s->out_len ? send(t->watch.fd, s->out, s->out_len, MSG_NOSIGNAL) : 0;

    if (s->out_len)
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            hang_up(t, errno);
            return;
        }
    if (n > 0) {
        s->out_len -= (size_t)n;
        memmove(s->out, s->out + n, s->out_len);
    }
    loop_watch_change(&t->shared->loop, &t->watch,
                      LOOP_READ | (s->out_len ? LOOP_WRITE : 0));
}

/* An echo begins with a probe's first bytes. Too short probes have none that tell. */
static bool is_foreign(const struct probe_target *t, struct kedge_span bytes)
{
    static const uint8_t magic[] = { STAMP_MAGIC >> 24, STAMP_MAGIC >> 16 & 255,
                                     STAMP_MAGIC >> 8 & 255, STAMP_MAGIC & 255 };

    return t->plan->size >= STAMP_SIZE &&
           memcmp(bytes.ptr, magic, min_u64(bytes.len, sizeof magic)) != 0;
}

/* A service of another kind: its banner, or what it says of a request that it cannot read. */
static bool took_foreign(struct probe_target *t, struct kedge_span bytes)
{
    struct probe_stream *s = t->stream;

    if (!s->echoes && !s->foreign && is_foreign(t, bytes)) {
        s->foreign = true;
        probe_is_no_echo(t);
    }
    s->echoes = !s->foreign;
    t->foreign_bytes += s->foreign ? bytes.len : 0;
    return s->foreign;
}

/* Whole messages of what came; the rest waits for more. The stamp is that of the last
 * byte, and so of a message that ends with it. */
static void take_bytes(struct probe_target *t, struct kedge_span bytes, uint64_t at_ns)
{
    struct probe_stream *s = t->stream;
    size_t size = t->plan->size;

    while (bytes.len > 0) {
        size_t part = min_u64(bytes.len, size - s->in_len);

        memcpy(s->in + s->in_len, bytes.ptr, part);
        s->in_len += part;
        bytes = (struct kedge_span){ bytes.ptr + part, bytes.len - part };
        if (s->in_len == size) {
            s->in_len = 0;
            t->came_ns = bytes.len == 0 ? at_ns : 0;
            probe_answered(t, (struct kedge_span){ s->in, size });
        }
    }
}

/* When the last of n bytes came; 0: not known. Where more of them may have come meanwhile
 * it is not that one's, and what waited for an earlier segment came at that one's time. A
 * segment may have come between a reading and the look at it: so two look. */
static uint64_t came_at(struct probe_target *t, size_t n, const struct stamps_in *in)
{
    struct probe_stream *s = t->stream;
    uint32_t overtook = stamps_overtook(t->watch.fd);
    bool waited = s->waited || overtook != s->overtook;

    s->waited = overtook != s->overtook;
    s->overtook = overtook;
    return waited || n == PROBE_SCRATCH ? 0 : in->at_ns;
}

static ssize_t read_some(struct probe_target *t, uint64_t *at_ns)
{
    struct stamps_in in = { 0 };
    ssize_t n;

    *at_ns = 0;
    if (!t->kernel_times) {
        n = recv(t->watch.fd, t->shared->scratch, PROBE_SCRATCH, 0);
        return n;
    }
    n = stamps_receive(t->watch.fd, t->shared->scratch, PROBE_SCRATCH, &in);
    if (n > 0 && in.at_ns > 0)
        *at_ns = came_at(t, (size_t)n, &in);
    return n;
}

static void stream_receive(struct probe_target *t)
{
    for (int i = 0; i < PROBE_BATCH; i++) {
        uint64_t at_ns = 0;
        ssize_t n = read_some(t, &at_ns);
        struct kedge_span bytes = { t->shared->scratch, n > 0 ? (size_t)n : 0 };

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            hang_up(t, n < 0 ? errno : ECONNRESET);
            return;
        }
        if (is_packets(t))
            probe_answered(t, bytes);
        else if (!took_foreign(t, bytes))
            take_bytes(t, bytes, at_ns);
    }
}

static void connect_outcome(struct probe_target *t)
{
    int code = 0;
    int err = option_get(t->watch.fd, SOL_SOCKET, SO_ERROR, &code);

    if (err)
        code = -err;
    if (code)
        not_connected(t, code);
    else
        connected(t);
}

static void stream_ready(void *owner, unsigned events)
{
    struct probe_target *t = owner;

    if (t->stream->state == STREAM_CONNECTING) {
        connect_outcome(t);
        return;
    }
    if (t->kernel_times)
        stamps_drain(t->watch.fd,
                     &(struct timestamp_events){ stream_stamp_left, stream_error, t });
    if (events & (LOOP_READ | LOOP_ERROR | LOOP_HANGUP))
        stream_receive(t);
    if (events & LOOP_WRITE && t->stream->state == STREAM_OPEN)
        flush_out(t);
}

/* A non-blocking socket whose connect is under way (*pending) or done. -errno. */
static int start_connect(struct probe_target *t, bool *pending)
{
    const struct kedge_address *to = &t->stream->addresses.at[t->stream->next];
    char what[NET_PATH_WHAT];
    int fd = probe_socket(t, to, what);
    int code = 0;

    if (fd < 0)
        return fd;
    code = -option_blocking(fd, false);
    if (code == 0 && connect(fd, (const struct sockaddr *)&to->storage, to->len) < 0)
        code = errno;
    *pending = code == EINPROGRESS;
    if (code == 0 || *pending)
        return fd;
    close(fd);
    return -code;
}

static void connect_next(struct probe_target *t)
{
    bool pending = false;
    int fd, err;

    t->stream->started = clock_now();
    fd = start_connect(t, &pending);
    if (fd < 0) {
        not_connected(t, -fd);
        return;
    }
    err = probe_watch(t, fd, stream_ready);
    if (err) {
        close(fd);
        not_connected(t, -err);
        return;
    }
    t->stream->state = STREAM_CONNECTING;
    loop_watch_change(&t->shared->loop, &t->watch, LOOP_WRITE);
    if (!pending)
        connected(t);
}

/* Whether this host has lost the address that the connection has: then nothing leaves, and
 * TCP says nothing for a quarter of an hour. */
static bool lost_its_address(const struct probe_target *t)
{
    struct kedge_address own = { .len = sizeof own.storage };
    struct net_path path = t->plan->path;
    char what[NET_PATH_WHAT];
    bool lost;
    int fd;

    if (!is_tcp(t) ||
        getsockname(t->watch.fd, (struct sockaddr *)&own.storage, &own.len) < 0 ||
        !net_address_from(&own, &path.source))
        return false;
    net_address_set_port(&path.source, 0);
    fd = socket(path.source.u.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    lost = fd >= 0 && net_path_apply(&path, fd, false, what) == -EADDRNOTAVAIL;
    if (fd >= 0)
        close(fd);
    return lost;
}

/* Looked at when a probe was lost since the last look. */
static void check_address(struct probe_target *t)
{
    struct probe_stream *s = t->stream;

    if (s->state != STREAM_OPEN || t->stats.lost == s->lost)
        return;
    if (lost_its_address(t))
        hang_up(t, EADDRNOTAVAIL);
    s->lost = t->stats.lost;
}

/* Why nothing can leave: an earlier failure; or the peer does not answer the SYN. */
static int not_open(const struct probe_target *t)
{
    if (t->code)
        return t->code;
    return t->stream->state == STREAM_CONNECTING ? EINPROGRESS : ENOTCONN;
}

static void stream_send(struct probe_target *t, struct kedge_span payload,
                        uint64_t sequence)
{
    struct probe_stream *s = t->stream;

    check_address(t);
    if (s->state != STREAM_OPEN) {
        probe_unsent(t, sequence, not_open(t));
        if (s->state == STREAM_CLOSED) {
            s->tried = 0;
            connect_next(t);
        }
        return;
    }
    if (is_packets(t)) {
        ssize_t n = send(t->watch.fd, payload.ptr, payload.len, MSG_NOSIGNAL);

        if (n < 0)
            probe_unsent(t, sequence, errno);
        return;
    }
    if (payload.len > s->out_room - s->out_len) {
        probe_unsent(t, sequence, EAGAIN);
        return;
    }
    if (t->kernel_times)
        kernel_times_sent(t->kernel_times, sequence, clock_wall());
    memcpy(s->out + s->out_len, payload.ptr, payload.len);
    s->out_len += payload.len;
    flush_out(t);
}

static void stream_close(struct probe_target *t)
{
    if (t->watch.added) {
        loop_watch_remove(&t->shared->loop, &t->watch);
        close(t->watch.fd);
    }
    kernel_times_close(t->kernel_times);
    free(t->stream->in);
    free(t->stream->out);
    free(t->stream);
}

static bool allocate_stream(struct probe_target *t)
{
    size_t size = t->plan->size;
    struct probe_stream *s = calloc(1, sizeof *s);

    if (!s)
        return false;
    s->out_room = max_u64(OUT_MIN, size * OUT_PROBES);
    s->in = malloc(size);
    s->out = malloc(s->out_room);
    t->stream = s;
    if (s->in && s->out)
        return true;
    stream_close(t);
    return false;
}

static int stream_open(struct probe_target *t, struct probe_refusal *why)
{
    if (t->plan->size == 0) {
        *why = (struct probe_refusal){ .kind = CAUSE_EMPTY_STREAM };
        return -1;
    }
    if (!allocate_stream(t)) {
        *why = probe_refused_by_system(ENOMEM);
        return -1;
    }
    if (probe_resolve(t, &t->stream->addresses, why) < 0) {
        stream_close(t);
        return -1;
    }
    if (!is_tcp(t))
        t->no_kernel_times.kind = CAUSE_LOCAL_SOCKET;
    else if (!(t->kernel_times = kernel_times_open(t->stats.room)))
        t->no_kernel_times = (struct probe_cause){ CAUSE_SYSTEM, ENOMEM };
    connect_next(t);
    return 0;
}

const struct probe_kind probe_stream_kind = {
    .connects = true, .open = stream_open, .send = stream_send, .close = stream_close
};
