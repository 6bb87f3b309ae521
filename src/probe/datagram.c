/* SPDX-License-Identifier: MIT */
/* udp and unix-dgram: a dialled socket, a datagram a probe. */
#include "probe/dial.h"

#include "net/option.h"
#include "net/udp.h"
#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPARSE_FROM STAMPS_MANY /* a full call: it cannot keep up */

static bool is_udp(const struct probe_target *t)
{
    return t->endpoint.transport == KEDGE_UDP;
}

static int send_once(const struct probe_target *t, struct kedge_span payload)
{
    ssize_t n = send(t->watch.fd, payload.ptr, payload.len, MSG_NOSIGNAL);

    return n < 0 ? errno : 0;
}

static void datagram_stamp_left(void *owner, uint32_t number, uint64_t at_ns)
{
    struct probe_target *t = owner;

    if (t->kernel_times)
        kernel_times_left(t->kernel_times, number, at_ns);
}

static void datagram_error(void *owner, const struct udp_error *e,
                           struct kedge_span quoted)
{
    probe_failed(owner, e, quoted);
}

/* On its way to the device a datagram is told of before its answer can be there. */
static void drain_datagrams(struct probe_target *t)
{
    if (is_udp(t))
        stamps_drain(t->watch.fd, &(struct timestamp_events){ datagram_stamp_left,
                                                              datagram_error, t });
}

/* Whether what failed was counted by the kernel is not known. */
static void restart(struct probe_target *t)
{
    if (!t->kernel_times)
        return;
    kernel_times_restart(t->kernel_times);
    t->sparse = false;
    if (stamps_open(t->watch.fd) == 0)
        return;
    kernel_times_close(t->kernel_times);
    t->kernel_times = NULL;
    t->no_kernel_times.kind = CAUSE_STAMPS_ENDED;
}

/* A connected socket keeps the address of this host that it had at first, also when the host
 * has lost it: connected again it has one of today. What --source asks for stays. */
static int send_again(const struct probe_target *t, struct kedge_span payload, int code)
{
    const struct sockaddr none = { .sa_family = AF_UNSPEC };
    bool route = code == ENETUNREACH || code == EHOSTUNREACH || code == EINVAL ||
                 code == EADDRNOTAVAIL || code == EDESTADDRREQ;

    if (!is_udp(t) || !route || connect(t->watch.fd, &none, sizeof none) < 0)
        return code;
    if (connect(t->watch.fd, &t->address.u.any, t->address.len) < 0)
        return errno; /* it is not connected then, and the next one begins here */
    return send_once(t, payload);
}

/* The error of an earlier probe is told to the next call on the socket. */
static void datagram_send_now(struct probe_target *t, struct kedge_span payload,
                              uint64_t sequence)
{
    uint64_t before = t->kernel_times ? clock_wall() : 0;
    int code = send_once(t, payload);

    if (code && is_udp(t)) {
        drain_datagrams(t);
        restart(t);
        code = send_once(t, payload);
        code = code ? send_again(t, payload, code) : 0;
        if (code)
            restart(t);
    }
    if (code)
        probe_unsent(t, sequence, code);
    else if (t->kernel_times && !t->sparse)
        kernel_times_sent(t->kernel_times, sequence, before);
}

/* How they are to be stamped that leave now, so many of them. */
static void choose_stamps(struct probe_target *t, uint32_t count)
{
    bool sparse = count == 1 ? false : count >= SPARSE_FROM ? true : t->sparse;

    if (t->kernel_times && sparse != t->sparse &&
        stamps_departures(t->watch.fd, !sparse) == 0)
        t->sparse = sparse;
}

/* So many left in one call. Of many the first alone is stamped. */
static void many_left(struct probe_target *t, uint32_t from, uint32_t count,
                      uint64_t before)
{
    const struct probe_waiting *w = &t->shared->waiting;
    uint32_t stamped = t->sparse ? 1 : count;

    for (uint32_t i = 0; t->kernel_times && i < stamped; i++)
        kernel_times_sent(t->kernel_times, w->sequences[from + i], before);
    if (!t->sparse && from + count < w->out.count)
        restart(t); /* one did not leave */
}

void probe_flush(struct probe_shared *shared)
{
    struct probe_waiting *w = &shared->waiting;
    struct probe_target *t = w->target;
    uint32_t done = 0;

    w->target = NULL;
    if (t)
        choose_stamps(t, w->out.count);
    while (t && done < w->out.count) {
        uint64_t before = t->kernel_times ? clock_wall() : 0;
        int n = stamps_send_many(t->watch.fd, &w->out, done, !t->sparse);

        if (n < 0)
            datagram_send_now(
                t, (struct kedge_span){ w->out.bytes[done], w->out.lengths[done] },
                w->sequences[done]);
        else
            many_left(t, done, (uint32_t)n, before);
        done += n < 0 ? 1 : (uint32_t)n;
    }
    w->out.count = 0;
}

static void wait(struct probe_target *t, struct kedge_span payload, uint64_t sequence)
{
    struct probe_waiting *w = &t->shared->waiting;
    uint32_t i;

    if (w->target != t || w->out.count == STAMPS_MANY)
        probe_flush(t->shared);
    w->target = t;
    i = w->out.count++;
    memcpy(w->out.bytes[i], payload.ptr, payload.len);
    w->out.lengths[i] = payload.len;
    w->sequences[i] = sequence;
}

static void datagram_send(struct probe_target *t, struct kedge_span payload,
                          uint64_t sequence)
{
    if (t->shared->together && is_udp(t) && payload.len > 0 &&
        payload.len <= STAMPS_SMALL)
        wait(t, payload, sequence);
    else
        datagram_send_now(t, payload, sequence);
}

/* What an error of UDP's says the queue of errors says better. */
static void datagram_failed(struct probe_target *t, int code)
{
    if (is_udp(t))
        drain_datagrams(t);
    else if (code != EINTR)
        probe_refused(t, code);
}

/* False: nothing more is to be had now. */
static bool receive_many(struct probe_target *t)
{
    struct stamps_got *got = &t->shared->got;
    int n = stamps_receive_many(t->watch.fd, got);

    if (n == -EAGAIN)
        return false;
    if (n < 0)
        datagram_failed(t, -n);
    for (int i = 0; i < n; i++) {
        probe_came(t, &got->in[i]);
        probe_answered(t, (struct kedge_span){ got->bytes[i], got->lengths[i] });
    }
    return n < 0 || n == STAMPS_MANY;
}

static bool receive_one(struct probe_target *t)
{
    struct stamps_in in = { 0 };
    ssize_t n = stamps_receive(t->watch.fd, t->shared->scratch, PROBE_SCRATCH, &in);

    if (n < 0 && errno == EAGAIN)
        return false;
    if (n < 0) {
        datagram_failed(t, errno);
        return true;
    }
    probe_came(t, &in);
    probe_answered(t, (struct kedge_span){ t->shared->scratch, (size_t)n });
    return true;
}

static void datagram_ready(void *owner, unsigned events)
{
    struct probe_target *t = owner;
    bool small = is_udp(t) && t->plan->size <= STAMPS_SMALL;

    (void)events;
    drain_datagrams(t);
    for (int i = 0; i < (small ? PROBE_BATCH / STAMPS_MANY : PROBE_BATCH); i++)
        if (!(small ? receive_many(t) : receive_one(t)))
            return;
}

static int socket_family(int fd)
{
    int family = AF_UNSPEC;

    return option_get(fd, SOL_SOCKET, SO_DOMAIN, &family) < 0 ? AF_UNSPEC : family;
}

/* Without it a round trip is whole, by this program's clock. */
static void open_split(struct probe_target *t, int fd)
{
    int err = is_udp(t) ? stamps_open(fd) : 0;

    if (!is_udp(t))
        t->no_kernel_times.kind = CAUSE_LOCAL_SOCKET;
    else if (err)
        t->no_kernel_times = (struct probe_cause){ CAUSE_SYSTEM, -err };
    else if (!(t->kernel_times = kernel_times_open(t->stats.room)))
        t->no_kernel_times = (struct probe_cause){ CAUSE_SYSTEM, ENOMEM };
}

static int datagram_open(struct probe_target *t, struct probe_refusal *why)
{
    int fd = probe_dial(t, why);
    int err;

    if (fd < 0)
        return -1;
    (void)udp_receive_buffer(fd, 0);
    open_split(t, fd);
    err = option_blocking(fd, false);
    if (!err && is_udp(t))
        err = stamps_ask_more(fd, socket_family(fd));
    if (is_udp(t))
        probe_marks(t, fd);
    if (!err)
        err = probe_watch(t, fd, datagram_ready);
    if (!err)
        return 0;
    close(fd);
    kernel_times_close(t->kernel_times);
    *why = probe_refused_by_system(-err);
    return -1;
}

static void datagram_close(struct probe_target *t)
{
    loop_watch_remove(&t->shared->loop, &t->watch);
    close(t->watch.fd);
    kernel_times_close(t->kernel_times);
}

const struct probe_kind probe_datagram_kind = { .open = datagram_open,
                                                .send = datagram_send,
                                                .close = datagram_close };
