/* SPDX-License-Identifier: MIT */
/* What is known of a target, as others may look at it. */
#include "probe/flood.h"
#include "probe/target.h"
#include "net/udp.h"

#include <sys/socket.h>

/* Not of a socket that many targets share. */
static int64_t own_dropped(const struct probe_target *t)
{
    int fd = t->watch.fd;
    uint32_t dropped = 0;

    if (t->kind->connects || (t->hub && (t->hub->first != t || t->next)))
        return -1;
    if (t->hub)
        fd = t->hub->socket.fd;
    return udp_dropped(fd, &dropped) ? (int64_t)dropped : -1;
}

static struct net_address local_of(const struct probe_target *t)
{
    struct kedge_address any = { .len = sizeof any.storage };
    struct net_address out = { 0 };

    if (getsockname(t->watch.fd, (struct sockaddr *)&any.storage, &any.len) < 0 ||
        !net_address_from(&any, &out))
        out.len = 0;
    return out;
}

static struct probe_cause cause_of(const struct probe_target *t)
{
    if (t->code)
        return (struct probe_cause){ CAUSE_SYSTEM, t->code };
    if (!t->plan->flood || flood_may(t))
        return (struct probe_cause){ .kind = CAUSE_NONE };
    return (struct probe_cause){ .kind =
                                     t->peer.asks ? CAUSE_NO_COOKIE : CAUSE_NO_FLOODED };
}

struct probe_view probe_view_of(const struct probe_target *t)
{
    struct probe_view v = {
        .number = t->number,
        .endpoint = &t->endpoint,
        .stats = &t->stats,
        .stalls = &t->stalls,
        .lateness = &t->shared->lateness,
        .peer = &t->peer,
        .kernel_times = t->kernel_times,
        .no_kernel_times = t->no_kernel_times,
        .corruption = &t->corruption,
        .marks = &t->marks,
        .warmup = &t->warmup,
        .one_way = &t->one_way,
        .address = t->address,
        .unanswered = t->unanswered,
        .own_dropped = own_dropped(t),
        .late_here = t->late_here,
        .foreign_bytes = t->foreign_bytes,
        .connects = t->connects,
        .failed_connects = t->failed_connects,
        .connect_min = t->connect_min,
        .connect_max = t->connect_max,
        .cause = cause_of(t),
        .reported_by = t->reported_by,
    };

    if (t->refusal.kind != CAUSE_NONE)
        v.refusal = &t->refusal;
    else if (t->peer.asks)
        v.local = local_of(t);
    return v;
}
