/* SPDX-License-Identifier: MIT */
/* The getters of the table of figures. */
#include "results/getters.h"

#include "results/why.h"
#include "probe/warmup.h"
#include "base/number.h"
#include "report/interval.h"

#include <stdio.h>

#define GETTER(name)                                                                     \
    bool name(const struct figure *f, const struct probe_view *v, struct value *out)

static bool known(struct value *out, uint64_t number)
{
    out->number = number;
    return true;
}

static bool known_if(struct value *out, bool is, uint64_t number)
{
    out->number = is ? number : 0;
    return is;
}

static bool text(struct value *out, const char *what)
{
    out->text = what;
    return what != NULL;
}

/* A getter of one expression. */
#define NUMBER_GETTER(name, expression)                                                  \
    GETTER(name)                                                                         \
    {                                                                                    \
        (void)f;                                                                         \
        return known(out, expression);                                                   \
    }

/* Of what is known where `condition` holds. */
#define OPTIONAL_GETTER(name, condition, expression)                                     \
    GETTER(name)                                                                         \
    {                                                                                    \
        (void)f;                                                                         \
        return known_if(out, condition, (condition) ? (expression) : 0);                 \
    }

/* ---- what a target has ---- */

bool has_causes(const struct probe_view *v)
{
    return v->stalls;
}

bool has_corruption(const struct probe_view *v)
{
    return v->stalls && v->corruption;
}

bool has_peer(const struct probe_view *v)
{
    return v->stalls && v->peer;
}

bool has_one_way(const struct probe_view *v)
{
    return has_peer(v) && v->one_way;
}

bool has_warmup(const struct probe_view *v)
{
    return has_peer(v) && v->warmup;
}

bool has_marks(const struct probe_view *v)
{
    return has_peer(v) && v->marks;
}

/* ---- histograms ---- */

const struct histogram *rtt_times(const struct probe_view *v)
{
    return &v->stats->rtt;
}

const struct histogram *intended_times(const struct probe_view *v)
{
    return &v->stats->intended;
}

const struct histogram *send_times(const struct probe_view *v)
{
    return v->kernel_times ? &v->kernel_times->send : NULL;
}

const struct histogram *network_times(const struct probe_view *v)
{
    return v->kernel_times ? &v->kernel_times->way : NULL;
}

const struct histogram *wire_times(const struct probe_view *v)
{
    return v->kernel_times ? &v->kernel_times->wire : NULL;
}

const struct histogram *receive_times(const struct probe_view *v)
{
    return v->kernel_times ? &v->kernel_times->receive : NULL;
}

const struct histogram *held_times(const struct probe_view *v)
{
    return v->peer ? &v->peer->held : NULL;
}

OPTIONAL_GETTER(get_times, f->of(v), 1)
OPTIONAL_GETTER(get_times_n, f->of(v), f->of(v)->count)
OPTIONAL_GETTER(get_times_min, f->of(v) && f->of(v)->count > 0, f->of(v)->min)
OPTIONAL_GETTER(get_times_max, f->of(v) && f->of(v)->count > 0, f->of(v)->max)
OPTIONAL_GETTER(get_times_left_out, f->of(v), f->of(v)->dropped)

GETTER(get_times_percentile)
{
    return f->of(v) && histogram_percentile(f->of(v), f->which, &out->number);
}

GETTER(get_times_range)
{
    struct interval in;

    if (!f->of(v) || !interval_of(f->of(v), f->which, &in))
        return false;
    out->low = in.low;
    out->high = in.high;
    return true;
}

/* ---- counts ---- */

GETTER(get_count)
{
    const uint8_t *at = (const uint8_t *)v->stats + f->at;

    return known(out, *(const uint64_t *)(const void *)at);
}

OPTIONAL_GETTER(get_late_here, v->late_here > 0, v->late_here)
NUMBER_GETTER(get_open, probe_stats_open(v->stats))
OPTIONAL_GETTER(get_own_dropped, v->own_dropped >= 0, (uint64_t)v->own_dropped)

GETTER(get_jitter)
{
    (void)f;
    return probe_stats_jitter(v->stats, &out->number);
}

/* With those that were answered too late: a counter may not fall. */
NUMBER_GETTER(get_lost_timeout, sub_sat(v->stats->lost + v->stats->late,
                                        v->stats->refused + v->stats->unsent))

static struct peer_losses losses_of(const struct probe_view *v)
{
    const struct probe_stats *a = v->stats;

    return peer_losses(v->peer, sub_sat(a->lost, a->refused + a->unsent), a->unsent);
}

OPTIONAL_GETTER(get_lost_unexplained, v->peer && v->peer->asks && v->peer->reports == 0,
                losses_of(v).unknown)

/* ---- texts ---- */

GETTER(get_endpoint)
{
    (void)f;
    return text(out, kedge_endpoint_print(v->endpoint, out->space));
}

GETTER(get_address)
{
    (void)f;
    if (v->address.len == 0)
        return false;
    return text(out, net_address_print_host(&v->address, out->space));
}

NUMBER_GETTER(get_unanswered, v->unanswered)

GETTER(get_error)
{
    (void)f;
    return text(out, probe_error_of(v));
}

GETTER(get_error_by)
{
    (void)f;
    if (v->reported_by.len == 0)
        return false;
    return text(out, net_address_print_host(&v->reported_by, out->space));
}

NUMBER_GETTER(get_always, v != NULL)

/* ---- connections ---- */

OPTIONAL_GETTER(get_foreign_bytes, v->foreign_bytes > 0, v->foreign_bytes)

OPTIONAL_GETTER(get_connects_known, v->connects + v->failed_connects > 0, 1)
NUMBER_GETTER(get_connects, v->connects)
NUMBER_GETTER(get_connects_failed, v->failed_connects)
OPTIONAL_GETTER(get_connect_min, v->connects > 0, v->connect_min)
OPTIONAL_GETTER(get_connect_max, v->connects > 0, v->connect_max)

/* ---- altered replies ---- */

NUMBER_GETTER(get_changed, v->corruption->changed)
NUMBER_GETTER(get_truncated, v->corruption->truncated)
NUMBER_GETTER(get_padded, v->corruption->padded)
OPTIONAL_GETTER(get_first_byte, v->corruption->first.bytes > 0,
                v->corruption->first.first)
OPTIONAL_GETTER(get_last_byte, v->corruption->first.bytes > 0, v->corruption->first.last)
NUMBER_GETTER(get_differing, v->corruption->first.bytes)

/* ---- a kedge server ---- */

OPTIONAL_GETTER(get_server, v->peer->reports > 0, 1)
NUMBER_GETTER(get_reports, v->peer->reports)
NUMBER_GETTER(get_lost_going, losses_of(v).going)
NUMBER_GETTER(get_lost_coming, losses_of(v).coming)
NUMBER_GETTER(get_lost_unknown, losses_of(v).unknown)
NUMBER_GETTER(get_dropped, losses_of(v).dropped)
NUMBER_GETTER(get_refused_by_guard, losses_of(v).refused)
NUMBER_GETTER(get_restarts, v->peer->restarts)
NUMBER_GETTER(get_unproved, v->peer->unvalidated)

static bool has_ttl_there(const struct probe_view *v)
{
    return v->peer->reports > 0 && v->peer->ttl > 0;
}

OPTIONAL_GETTER(get_ttl_there, has_ttl_there(v), v->peer->ttl)
OPTIONAL_GETTER(get_dscp_there, has_ttl_there(v), v->peer->tos >> 2)

/* Ours as the server sees it. */
static struct net_address seen_as(const struct probe_view *v)
{
    struct net_raw ours = net_address_raw(&v->local);

    return net_address_from_raw(v->peer->seen_address, ours.scope, v->peer->seen_port);
}

static bool is_translated(const struct probe_view *v)
{
    struct net_address seen = seen_as(v);

    return v->peer->seen_known && v->local.len > 0 &&
           !net_address_equal(&seen, &v->local);
}

GETTER(get_seen_as)
{
    struct net_address seen = seen_as(v);

    (void)f;
    return v->peer->seen_known && text(out, net_address_print(&seen, out->space));
}

/* Only where it is another address than the server sees. */
GETTER(get_local)
{
    (void)f;
    return is_translated(v) && text(out, net_address_print(&v->local, out->space));
}

NUMBER_GETTER(get_translated, is_translated(v))

/* ---- the parts of a round trip ---- */

static bool has_split(const struct probe_view *v)
{
    const struct kernel_times *k = v->kernel_times;

    return k && k->way.count + k->way.dropped > 0;
}

OPTIONAL_GETTER(get_split, has_split(v), 1)

GETTER(get_clock_program)
{
    (void)f;
    (void)v;
    return text(out, "program");
}

GETTER(get_clock_split)
{
    (void)f;
    return text(out, has_split(v) ? "kernel" : NULL);
}

GETTER(get_clock_held)
{
    (void)f;
    if (v->peer->reports == 0)
        return false;
    return text(out, v->peer->kernel ? "kernel" : "program");
}

GETTER(get_no_split)
{
    (void)f;
    return text(out, why_of(&v->no_kernel_times));
}

/* ---- one-way delay ---- */

static bool trends_of(const struct probe_view *v, struct one_way_trend *going,
                      struct one_way_trend *coming)
{
    return one_way_trends(v->one_way, going, coming);
}

#define TREND_GETTER(name, expression)                                                   \
    GETTER(name)                                                                         \
    {                                                                                    \
        struct one_way_trend going, coming;                                              \
                                                                                         \
        (void)f;                                                                         \
        if (!trends_of(v, &going, &coming))                                              \
            return false;                                                                \
        expression;                                                                      \
        return true;                                                                     \
    }

TREND_GETTER(get_one_way, out->number = 1)
TREND_GETTER(get_one_way_n, out->number = v->one_way->n)
TREND_GETTER(get_going_range, out->number = going.range)
TREND_GETTER(get_coming_range, out->number = coming.range)
TREND_GETTER(get_going_trend, out->trend = going.trend_ns)
TREND_GETTER(get_coming_trend, out->trend = coming.trend_ns)

/* ---- before the first probe ---- */

static bool has_exchange(const struct probe_view *v)
{
    return v->warmup->neighbour && v->warmup->state == WARMUP_ANSWERED;
}

OPTIONAL_GETTER(get_resolve, v->warmup->resolve > 0, v->warmup->resolve)
OPTIONAL_GETTER(get_exchange, has_exchange(v), v->warmup->took)
OPTIONAL_GETTER(get_neighbour, has_exchange(v) && v->warmup->leave > 0, v->warmup->leave)
/* An error that came from the network shows that the next hop was found. */
OPTIONAL_GETTER(get_no_neighbour,
                v->warmup->neighbour && !has_exchange(v) && v->reported_by.len == 0, 1)

/* ---- TTL and DSCP ---- */

OPTIONAL_GETTER(get_ttl_sent, v->marks->ttl_sent >= 0, (uint64_t)v->marks->ttl_sent)
OPTIONAL_GETTER(get_ttl_back, v->marks->ttl_back >= 0, (uint64_t)v->marks->ttl_back)
OPTIONAL_GETTER(get_dscp_sent, v->marks->tos_sent >= 0, (uint64_t)v->marks->tos_sent >> 2)
OPTIONAL_GETTER(get_dscp_back, v->marks->tos_back >= 0, (uint64_t)v->marks->tos_back >> 2)

/* ---- this program, and stalls ---- */

OPTIONAL_GETTER(get_late_times, v->lateness, v->lateness->times)
OPTIONAL_GETTER(get_late_worst, v->lateness, v->lateness->worst)
OPTIONAL_GETTER(get_clock_steps, v->lateness, v->lateness->steps)

GETTER(get_clock_step)
{
    (void)f;
    if (!v->lateness || v->lateness->step == 0)
        return false;
    snprintf(out->space, sizeof out->space, "%+.3f s",
             (double)v->lateness->step / (double)KEDGE_SEC);
    return text(out, out->space);
}

NUMBER_GETTER(get_stalls, v->stalls->count)
OPTIONAL_GETTER(get_stall_longest, v->stalls->count > 0,
                v->stalls->longest.to - v->stalls->longest.from)
OPTIONAL_GETTER(get_stall_at, v->stalls->count > 0,
                sub_sat(v->stalls->longest.from, v->started))
OPTIONAL_GETTER(get_stall_waited, v->stalls->count > 0, v->stalls->longest.waited)
