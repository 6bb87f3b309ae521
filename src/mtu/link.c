/* SPDX-License-Identifier: MIT */
/* One host, asked by ICMP or UDP with DF. */
#include "mtu/link.h"

#include "os/clock.h"
#include "os/random.h"
#include "probe/dial.h"
#include "probe/payload.h"
#include "base/number.h"
#include "net/option.h"
#include "net/udp.h"
#include "echo/icmp_message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TRIES 3
#define WAIT_TRIPS 10 /* round trips */
#define WAIT_LEAST (100 * KEDGE_MSEC)

static enum icmp_version link_icmp_version(const struct mtu_link *l)
{
    return l->icmp.family == AF_INET6 ? ICMP_V6 : ICMP_V4;
}

/* ---- what comes ---- */

static void mtu_token(struct mtu_link *l, struct kedge_span payload, uint8_t flags)
{
    struct probe_extension extension;

    if (flags & STAMP_REPLY && extension_parse(payload, &extension) &&
        extension.kind == EXTENSION_TOKEN)
        l->cookie = extension.cookie;
}

static void came(struct mtu_link *l, struct kedge_span payload)
{
    struct stamp stamp;

    if (!stamp_parse(payload, &stamp) || stamp.run != l->run ||
        stamp.sequence < l->first || stamp.sequence >= l->sequence)
        return;
    l->rtt = max_u64(l->rtt, clock_now() - l->sent);
    mtu_token(l, payload, stamp.flags);
    l->answer = l->wanted == 0 || payload.len == l->wanted ? ANSWER_YES : ANSWER_OTHER;
}

static void mtu_send_failed(void *owner, const struct udp_error *e,
                            struct kedge_span quoted)
{
    struct mtu_link *l = owner;
    size_t head = l->is_icmp ? ICMP_HEADER : 0;
    struct stamp stamp;

    quoted = (struct kedge_span){ quoted.ptr + head, sub_sat(quoted.len, head) };
    if (l->answer == ANSWER_YES ||
        (stamp_parse(quoted, &stamp) && stamp.sequence < l->first))
        return;
    l->code = e->code;
    l->told = e->info;
    l->by = e->by;
    if (e->code != EMSGSIZE)
        l->answer = ANSWER_REFUSED;
    else
        l->answer = e->by.len > 0 ? ANSWER_TOLD : ANSWER_LOCAL;
}

static void left(void *owner, uint32_t number, uint64_t at_ns)
{
    (void)owner;
    (void)number;
    (void)at_ns;
}

static void mtu_drain(struct mtu_link *l)
{
    stamps_drain(l->target.watch.fd,
                 &(struct timestamp_events){ left, mtu_send_failed, l });
}

static bool receive_icmp(struct mtu_link *l)
{
    struct icmp_message m;
    struct icmp_in in;
    int n = icmp_receive(&l->icmp, l->bytes, PROBE_SCRATCH, &in);

    if (n == 1 && icmp_parse(in.message, link_icmp_version(l), &m) &&
        m.kind == ICMP_KIND_REPLY && m.identifier == l->icmp.identifier &&
        net_address_same_host(&in.peer, &l->target.address))
        came(l, m.payload);
    return n == 1;
}

static bool receive_udp(struct mtu_link *l)
{
    struct stamps_in in = { 0 };
    ssize_t n = stamps_receive(l->target.watch.fd, l->bytes, PROBE_SCRATCH, &in);

    if (n >= 0)
        came(l, (struct kedge_span){ l->bytes, (size_t)n });
    return n >= 0;
}

static void mtu_ready(void *owner, unsigned events)
{
    struct mtu_link *l = owner;

    (void)events;
    mtu_drain(l);
    for (int i = 0; i < PROBE_BATCH; i++)
        if (!(l->is_icmp ? receive_icmp(l) : receive_udp(l)))
            return;
}

static void mtu_caught(void *owner, int signal)
{
    struct mtu_link *l = owner;

    (void)signal;
    l->stopped = true;
}

/* ---- what leaves ---- */

static int mtu_send_now(struct mtu_link *l, struct kedge_span payload)
{
    struct writer w = { .ptr = l->bytes + PROBE_SCRATCH, .room = PROBE_SCRATCH };
    struct icmp_message m = { .kind = ICMP_KIND_REQUEST,
                              .identifier = l->icmp.identifier,
                              .sequence = (uint16_t)l->sequence,
                              .payload = payload };

    if (!l->is_icmp)
        return send(l->target.watch.fd, payload.ptr, payload.len, MSG_NOSIGNAL) < 0
                   ? -errno
                   : 0;
    icmp_echo_put(&w, link_icmp_version(l), &m);
    return icmp_send(&l->icmp, written(&w), &l->target.address);
}

/* An error of an earlier one is told first. */
static void send_one(struct mtu_link *l, uint32_t size)
{
    struct writer w = { .ptr = l->bytes, .room = PROBE_SCRATCH };
    struct payload p = { .stamp = { .flags = l->is_icmp ? 0 : STAMP_ASKS,
                                    .run = l->run,
                                    .sequence = l->sequence,
                                    .sent_ns = clock_now() },
                         .cookie = l->cookie,
                         .size = size,
                         .wanted = l->cookie ? l->wanted : 0 };
    int err;

    payload_put(&w, &p);
    l->sent = p.stamp.sent_ns;
    err = mtu_send_now(l, written(&w));
    if (err) {
        mtu_drain(l);
        err = l->answer == ANSWER_NONE ? mtu_send_now(l, written(&w)) : 0;
    }
    l->sequence++;
    if (err == -EMSGSIZE)
        l->answer = ANSWER_LOCAL;
    else if (err)
        l->code = -err;
}

static bool mtu_is_over(const struct mtu_link *l)
{
    return l->stopped || l->answer != ANSWER_NONE;
}

static void mtu_await(struct mtu_link *l)
{
    kedge_nanos patience =
        l->rtt ? min_u64(l->plan.timeout, max_u64(WAIT_LEAST, l->rtt * WAIT_TRIPS))
               : l->plan.timeout;
    kedge_nanos end = add_sat(clock_now(), patience);

    while (!mtu_is_over(l) && l->loop.looked < end)
        if (loop_turn(&l->loop, sub_sat(end, clock_now())) < 0)
            return;
}

enum mtu_answer mtu_link_ask(struct mtu_link *l, uint32_t size, uint16_t wanted)
{
    l->first = l->sequence;
    l->wanted = wanted;
    l->answer = ANSWER_NONE;
    for (int i = 0; i < TRIES && !mtu_is_over(l); i++) {
        send_one(l, size);
        mtu_await(l);
    }
    return l->answer;
}

/* ---- sockets ---- */

static int open_icmp(struct mtu_link *l, struct probe_refusal *why)
{
    struct probe_target *t = &l->target;
    struct kedge_addresses all;

    if (probe_resolve(t, &all, why) < 0)
        return -1;
    if (all.count == 0 || !net_address_from(&all.at[0], &t->address)) {
        *why = (struct probe_refusal){ .kind = CAUSE_NO_IP };
        return -1;
    }
    why->kind = CAUSE_ERROR;
    if (icmp_open(t->address.u.any.sa_family, &l->plan.path, &l->icmp, &why->error) < 0)
        return -1;
    return l->icmp.fd;
}

static int open_udp(struct mtu_link *l, struct probe_refusal *why)
{
    int fd = probe_dial(&l->target, why);
    int err;

    if (fd < 0)
        return -1;
    (void)udp_receive_buffer(fd, 0);
    err = option_blocking(fd, false);
    if (!err)
        err = stamps_ask_more(fd, l->target.address.u.any.sa_family);
    if (!err)
        return fd;
    *why = probe_refused_by_system(-err);
    close(fd);
    return -1;
}

static int open_loop(struct mtu_link *l)
{
    sigset_t set;
    int err = loop_open(&l->loop);

    if (err)
        return err;
    loop_signals_stop(&set);
    l->signals = (struct loop_signals){ .caught = mtu_caught, .owner = l };
    err = loop_signals_open(&l->loop, &l->signals, &set);
    if (err)
        loop_close(&l->loop);
    return err;
}

bool mtu_link_open(struct mtu_link *l, const struct kedge_endpoint *e,
                   const struct probe_plan *plan, struct probe_refusal *why)
{
    int err, fd;

    memset(l, 0, sizeof *l);
    l->plan = *plan;
    l->plan.path.whole = true;
    l->target.plan = &l->plan;
    l->target.endpoint = *e;
    l->target.endpoint.family = plan->family;
    l->is_icmp = e->transport == KEDGE_ICMP;
    if (random_fill(&l->run, sizeof l->run) < 0)
        l->run = (uint16_t)clock_now();
    fd = l->is_icmp ? open_icmp(l, why) : open_udp(l, why);
    if (fd < 0)
        return false;
    err = open_loop(l);
    if (!err) {
        l->target.watch = (struct loop_watch){ .ready = mtu_ready, .owner = l };
        err = loop_watch_add(&l->loop, &l->target.watch, fd, LOOP_READ);
        if (!err)
            return true;
        loop_signals_close(&l->loop, &l->signals);
        loop_close(&l->loop);
    }
    close(fd);
    *why = probe_refused_by_system(-err);
    return false;
}

void mtu_link_close(struct mtu_link *l)
{
    loop_watch_remove(&l->loop, &l->target.watch);
    close(l->target.watch.fd);
    loop_signals_close(&l->loop, &l->signals);
    loop_close(&l->loop);
}
