/* icmp: echo requests to a host, over the unprivileged socket or a raw one. */
#include "ask/probe_target.h"

#include "net/udp.h"
#include "proto/icmp/message.h"

#include <errno.h>

static enum icmp_version version_of(const struct probe_target *t)
{
    return t->icmp.family == AF_INET6 ? ICMP_V6 : ICMP_V4;
}

static void icmp_kind_send(struct probe_target *t, struct kedge_span payload,
                           uint64_t sequence)
{
    struct writer w = { .ptr = t->scratch + PROBE_SCRATCH / 2,
                        .room = PROBE_SCRATCH / 2 };
    struct icmp_message m = { .kind = ICMP_KIND_REQUEST,
                              .identifier = t->icmp.identifier,
                              .sequence = (uint16_t)sequence,
                              .payload = payload };
    int err;

    icmp_echo_put(&w, version_of(t), &m);
    err = icmp_send(&t->icmp, written(&w), &t->address);
    if (err)
        probe_unsent(t, sequence, -err);
}

/* A raw socket sees the replies to other programs too. */
static void one_reply(struct probe_target *t, const struct icmp_in *in)
{
    struct icmp_message m;

    if (!icmp_parse(in->message, version_of(t), &m) || m.kind != ICMP_KIND_REPLY ||
        m.identifier != t->icmp.identifier)
        return;
    if (!net_address_same_host(&in->peer, &t->address))
        t->account.stray++;
    else
        probe_answered_as(t, m.payload, m.sequence);
}

static void one_error(void *owner, const struct udp_error *e)
{
    struct probe_target *t = owner;

    if (net_address_same_host(&e->to, &t->address))
        probe_refused(t, e->code);
}

static void icmp_ready(void *owner, unsigned events)
{
    struct probe_target *t = owner;

    if (events & LOOP_ERROR)
        (void)udp_drain_errors(t->icmp.fd, one_error, t);
    for (int i = 0; i < PROBE_BATCH; i++) {
        struct icmp_in in;
        int n = icmp_receive(&t->icmp, t->scratch, PROBE_SCRATCH, &in);

        if (n == 0)
            return;
        if (n > 0)
            one_reply(t, &in);
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

static int icmp_kind_open(struct probe_target *t, struct kedge_error *error)
{
    int err;

    if (resolve(t, error) < 0 || icmp_open(t->address.u.any.sa_family, &t->icmp, error))
        return -1;
    err = probe_watch(t, t->icmp.fd, icmp_ready);
    if (!err)
        return 0;
    icmp_close(&t->icmp);
    *error = (struct kedge_error){ .cause = KEDGE_SYSTEM, .code = -err };
    return -1;
}

static void icmp_kind_close(struct probe_target *t)
{
    loop_watch_remove(t->loop, &t->watch);
    icmp_close(&t->icmp);
}

const struct probe_kind probe_icmp_kind = { icmp_kind_open, icmp_kind_send,
                                            icmp_kind_close };
