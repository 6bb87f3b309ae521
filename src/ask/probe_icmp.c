/* icmp: echo requests to hosts, over the unprivileged socket or a raw one, which all
 * targets of a family share. */
#include "ask/probe_target.h"

#include "net/udp.h"
#include "proto/echo/stamp.h"
#include "proto/icmp/message.h"

static enum icmp_version version_of(const struct icmp_hub *hub)
{
    return hub->socket.family == AF_INET6 ? ICMP_V6 : ICMP_V4;
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
    int err;

    icmp_echo_put(&w, version_of(t->hub), &m);
    err = icmp_send(&t->hub->socket, written(&w), &t->address);
    if (err)
        probe_unsent(t, sequence, -err);
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

    if (!icmp_parse(in->message, version_of(hub), &m) || m.kind != ICMP_KIND_REPLY ||
        m.identifier != hub->socket.identifier)
        return;
    t = asked(hub, &in->peer, m.payload);
    if (t)
        probe_answered_as(t, m.payload, m.sequence);
}

static void one_error(void *owner, const struct udp_error *e)
{
    const struct icmp_hub *hub = owner;
    struct probe_target *t = asked(hub, &e->to, (struct kedge_span){ 0 });

    if (t)
        probe_refused(t, e->code);
}

static void icmp_ready(void *owner, unsigned events)
{
    struct icmp_hub *hub = owner;
    struct probe_shared *shared = hub->first->shared;

    if (events & LOOP_ERROR)
        (void)udp_drain_errors(hub->socket.fd, one_error, hub);
    for (int i = 0; i < PROBE_BATCH; i++) {
        struct icmp_in in;
        int n = icmp_receive(&hub->socket, shared->scratch, PROBE_SCRATCH, &in);

        if (n == 0)
            return;
        if (n > 0)
            one_reply(hub, &in);
    }
}

static int resolve(struct probe_target *t, struct kedge_error *error)
{
    struct kedge_addresses all;

    if (kedge_resolve(&t->endpoint, &all, error) < 0)
        return -1;
    if (all.count > 0 && net_address_from(&all.at[0], &t->address))
        return 0;
    *error = (struct kedge_error){ .cause = KEDGE_BAD_ENDPOINT,
                                   .text = "the host has no IP address" };
    return -1;
}

static int open_hub(struct probe_target *t, struct icmp_hub *hub,
                    struct kedge_error *error)
{
    int err = icmp_open(t->address.u.any.sa_family, &hub->socket, error);

    if (err)
        return -1;
    hub->watch = (struct loop_watch){ .ready = icmp_ready, .owner = hub };
    err = loop_watch_add(&t->shared->loop, &hub->watch, hub->socket.fd, LOOP_READ);
    if (!err)
        return 0;
    icmp_close(&hub->socket);
    *error = (struct kedge_error){ .cause = KEDGE_SYSTEM, .code = -err };
    return -1;
}

static int icmp_kind_open(struct probe_target *t, struct kedge_error *error)
{
    struct icmp_hub *hub;

    if (resolve(t, error) < 0)
        return -1;
    hub = &t->shared->hubs[t->address.u.any.sa_family == AF_INET6];
    if (!hub->first && open_hub(t, hub, error) < 0)
        return -1;
    t->hub = hub;
    t->next = hub->first;
    hub->first = t;
    return 0;
}

static void icmp_kind_close(struct probe_target *t)
{
    struct probe_target **at = &t->hub->first;

    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    if (t->hub->first)
        return;
    loop_watch_remove(&t->shared->loop, &t->hub->watch);
    icmp_close(&t->hub->socket);
}

const struct probe_kind probe_icmp_kind = { icmp_kind_open, icmp_kind_send,
                                            icmp_kind_close };
