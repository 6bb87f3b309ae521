/* SPDX-License-Identifier: MIT */
/* icmp: echo requests to hosts, over the unprivileged socket or a raw one, which all
 * targets of a family share. */
#include "probe/dial.h"

#include "base/number.h"
#include "echo/icmp_message.h"
#include "os/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum icmp_version hub_icmp_version(const struct icmp_hub *hub)
{
    return hub->socket.family == AF_INET6 ? ICMP_V6 : ICMP_V4;
}

/* Of two targets with one address the stamp says which was asked; where it is missing or
 * damaged the first one stands for both. */
static struct probe_target *asked(const struct icmp_hub *hub,
                                  const struct net_address *peer,
                                  struct kedge_span payload)
{
    struct probe_target *found = NULL;
    struct stamp stamp;
    bool stamped = stamp_parse(payload, &stamp);

    for (struct probe_target *t = hub->first; t; t = t->next) {
        if (!net_address_same_host(&t->address, peer))
            continue;
        if (stamped && stamp.run == t->run)
            return t;
        found = t;
    }
    return found;
}

/* A raw socket sees the replies to other programs too. */
static void one_reply(const struct icmp_hub *hub, const struct icmp_in *in)
{
    struct icmp_message m;
    struct probe_target *t;

    if (!icmp_parse(in->message, hub_icmp_version(hub), &m) ||
        m.kind != ICMP_KIND_REPLY || m.identifier != hub->socket.identifier)
        return;
    t = asked(hub, &in->peer, m.payload);
    if (!t)
        return;
    probe_came(t,
               &(struct stamps_in){ .at_ns = in->at_ns, .ttl = in->ttl, .tos = in->tos });
    probe_answered_as(t, m.payload, m.sequence);
}

/* What is quoted begins with the echo message's header. */
static void icmp_error(void *owner, const struct udp_error *e, struct kedge_span quoted)
{
    const struct icmp_hub *hub = owner;
    struct kedge_span payload = { quoted.ptr + ICMP_HEADER,
                                  sub_sat(quoted.len, ICMP_HEADER) };
    struct probe_target *t = asked(hub, &e->to, payload);

    if (t)
        probe_failed(t, e, payload);
}

static void icmp_stamp_left(void *owner, uint32_t number, uint64_t at_ns)
{
    const struct icmp_hub *hub = owner;
    const struct icmp_left *l = &hub->left[number % ICMP_LEFT];

    if (hub->number - number <= ICMP_LEFT && number != hub->number && l->target)
        kernel_times_left(l->target->kernel_times, l->number, at_ns);
}

static void drain_icmp(struct icmp_hub *hub)
{
    stamps_drain(hub->socket.fd,
                 &(struct timestamp_events){ icmp_stamp_left, icmp_error, hub });
}

/* Whether what failed was counted by the kernel is not known. */
static void restart(struct icmp_hub *hub)
{
    if (hub->no_kernel_times.kind == CAUSE_NONE && stamps_open(hub->socket.fd) < 0)
        hub->no_kernel_times.kind = CAUSE_STAMPS_ENDED;
    hub->number = 0;
}

/* The error of one host's probe is told to the next call for another's. */
static int send_it(struct icmp_hub *hub, struct kedge_span message,
                   const struct net_address *to)
{
    int err = icmp_send(&hub->socket, message, to);

    if (!err)
        return 0;
    drain_icmp(hub);
    restart(hub);
    err = icmp_send(&hub->socket, message, to);
    if (err)
        restart(hub);
    return err;
}

static void departs(struct probe_target *t, uint64_t sequence, uint64_t before)
{
    struct icmp_hub *hub = t->hub;

    hub->left[hub->number++ % ICMP_LEFT] =
        (struct icmp_left){ t, t->kernel_times->number };
    kernel_times_sent(t->kernel_times, sequence, before);
}

static void icmp_kind_send(struct probe_target *t, struct kedge_span payload,
                           uint64_t sequence)
{
    struct writer w = { .ptr = t->shared->scratch + PROBE_SCRATCH / 2,
                        .room = PROBE_SCRATCH / 2 };
    struct icmp_message m = { .kind = ICMP_KIND_REQUEST,
                              .identifier = t->hub->socket.identifier,
                              .sequence = (uint16_t)sequence,
                              .payload = payload };
    uint64_t before = t->kernel_times ? clock_wall() : 0;
    int err;

    icmp_echo_put(&w, hub_icmp_version(t->hub), &m);
    err = send_it(t->hub, written(&w), &t->address);
    if (err)
        probe_unsent(t, sequence, -err);
    else if (t->kernel_times)
        departs(t, sequence, before);
}

static void icmp_ready(void *owner, unsigned events)
{
    struct icmp_hub *hub = owner;
    struct probe_shared *shared = hub->first->shared;

    if (events & LOOP_ERROR)
        drain_icmp(hub);
    for (int i = 0; i < PROBE_BATCH; i++) {
        struct icmp_in in;
        int n = icmp_receive(&hub->socket, shared->scratch, PROBE_SCRATCH, &in);

        if (n == 0)
            return;
        if (n > 0)
            one_reply(hub, &in);
    }
}

static int open_hub(struct probe_target *t, struct icmp_hub *hub,
                    struct probe_refusal *why)
{
    int err;

    why->kind = CAUSE_ERROR;
    err =
        icmp_open(t->address.u.any.sa_family, &t->plan->path, &hub->socket, &why->error);
    if (err)
        return -1;
    hub->number = 0;
    hub->no_kernel_times.kind =
        stamps_open(hub->socket.fd) < 0 ? CAUSE_ICMP_STAMPS : CAUSE_NONE;
    hub->watch = (struct loop_watch){ .ready = icmp_ready, .owner = hub };
    err = loop_watch_add(&t->shared->loop, &hub->watch, hub->socket.fd, LOOP_READ);
    if (!err)
        return 0;
    icmp_close(&hub->socket);
    *why = probe_refused_by_system(-err);
    return -1;
}

static void open_kernel_times(struct probe_target *t, const struct icmp_hub *hub)
{
    t->no_kernel_times = hub->no_kernel_times;
    if (hub->no_kernel_times.kind != CAUSE_NONE)
        return;
    t->kernel_times = kernel_times_open(t->stats.room);
    if (!t->kernel_times)
        t->no_kernel_times = (struct probe_cause){ CAUSE_SYSTEM, ENOMEM };
}

static int open_at(struct probe_target *t, const struct kedge_address *at,
                   struct probe_refusal *why)
{
    struct icmp_hub *hub;

    *why = (struct probe_refusal){ .kind = CAUSE_NO_IP };
    if (!net_address_from(at, &t->address))
        return -1;
    hub = &t->shared->hubs[net_address_is_v6(&t->address)];
    if (!hub->first && open_hub(t, hub, why) < 0)
        return -1;
    open_kernel_times(t, hub);
    probe_marks(t, hub->socket.fd);
    t->hub = hub;
    t->next = hub->first;
    hub->first = t;
    return 0;
}

static int icmp_kind_open(struct probe_target *t, struct probe_refusal *why)
{
    unsigned at;

    if (probe_resolve_once(t, why) < 0)
        return -1;
    for (at = t->at; at < t->addresses.count; at++)
        if (open_at(t, &t->addresses.at[at], why) == 0)
            break;
    t->at = at;
    return at < t->addresses.count ? 0 : -1;
}

static void icmp_kind_close(struct probe_target *t)
{
    struct probe_target **at = &t->hub->first;

    for (size_t i = 0; i < ICMP_LEFT; i++)
        if (t->hub->left[i].target == t)
            t->hub->left[i].target = NULL;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    kernel_times_close(t->kernel_times);
    if (t->hub->first)
        return;
    loop_watch_remove(&t->shared->loop, &t->hub->watch);
    icmp_close(&t->hub->socket);
}

const struct probe_kind probe_icmp_kind = { .open = icmp_kind_open,
                                            .send = icmp_kind_send,
                                            .close = icmp_kind_close };
