#include "results/causes.h"

#include "results/path.h"
#include "results/why.h"
#include "base/number.h"
#include "report/text.h"

static void note(FILE *out, const struct probe_view *v, uint64_t n, const char *what)
{
    char text[KEDGE_ENDPOINT_TEXT];

    if (n > 0)
        fprintf(out, "%s: %llu %s\n", kedge_endpoint_print(v->endpoint, text),
                (unsigned long long)n, what);
}

static const char *ms(char out[32], kedge_nanos v)
{
    struct writer w = { .ptr = (uint8_t *)out, .room = 31 };

    text_ms(&w, v);
    out[w.len] = 0;
    return out;
}

/* The figure of both histograms that shows most of how they part: the highest percentile
 * that is known. */
static void parting_note(FILE *out, const struct probe_view *v)
{
    static const struct {
        uint32_t which;
        const char *name;
    } all[] = { { 99900, "p99.9" }, { 99000, "p99" }, { 50000, "p50" } };
    const struct probe_stats *a = v->stats;
    char text[KEDGE_ENDPOINT_TEXT], one[32], other[32];
    kedge_nanos meant = 0, service = 0;
    size_t i = 0;

    while (i < 2 && a->rtt.count < histogram_needed(all[i].which))
        i++;
    if (!histogram_percentile(&a->intended, all[i].which, &meant) ||
        !histogram_percentile(&a->rtt, all[i].which, &service) ||
        sub_sat(meant, service) < max_u64(SELF_LATE / 2, service / 10))
        return;
    fprintf(
        out,
        "%s: from the intended time %s is %s ms, from the actual send %s: this program "
        "sent %llu late\n",
        kedge_endpoint_print(v->endpoint, text), all[i].name, ms(one, meant),
        ms(other, service), (unsigned long long)a->left_late);
}

static void stall_note(FILE *out, const struct probe_view *v)
{
    const struct stalls *s = v->stalls;
    const struct stall *longest = s ? &s->longest : NULL;
    char text[KEDGE_ENDPOINT_TEXT], took[32], at[32], times[64] = "";

    if (!s || s->count == 0)
        return;
    if (s->count > 1)
        snprintf(times, sizeof times, "%llu times, at most ",
                 (unsigned long long)s->count);
    fprintf(
        out,
        "%s: stood still %sfor %s ms, %s ms into the run: %llu probes waited for it and "
        "were answered, which is no loss\n",
        kedge_endpoint_print(v->endpoint, text), times,
        ms(took, longest->to - longest->from), ms(at, sub_sat(longest->from, v->started)),
        (unsigned long long)longest->waited);
}

struct peer_losses probe_losses(const struct probe_view *v)
{
    const struct probe_stats *a = v->stats;

    return peer_losses(v->peer, sub_sat(a->lost, a->refused + a->unsent), a->unsent);
}

/* " (N meanwhile, M by its guard)": what the server says of the probes it did not answer. */
static void server_said(char *out, size_t room, const struct peer_losses *l)
{
    char queue[64] = "", guard[64] = "";

    if (l->dropped > 0)
        snprintf(queue, sizeof queue, "the server's own queue dropped %llu meanwhile",
                 (unsigned long long)l->dropped);
    if (l->refused > 0)
        snprintf(guard, sizeof guard, "%sthe server's guard refused %llu",
                 l->dropped > 0 ? ", " : "", (unsigned long long)l->refused);
    if (l->dropped + l->refused > 0)
        snprintf(out, room, " (%s%s)", queue, guard);
}

/* "N lost going (...), N lost coming back, N lost where cannot be told". */
static void loss_note(FILE *out, const struct probe_view *v)
{
    struct peer_losses l = probe_losses(v);
    char text[KEDGE_ENDPOINT_TEXT], by[160] = "";

    if (l.going + l.coming == 0) {
        note(out, v, v->peer->asks ? l.unknown : 0,
             v->peer->reports ? "lost, and which way cannot be told"
                              : "lost, and which way a plain echo does not tell");
        return;
    }
    server_said(by, sizeof by, &l);
    fprintf(out, "%s: %llu lost going%s, %llu lost coming back, %llu cannot be told\n",
            kedge_endpoint_print(v->endpoint, text), (unsigned long long)l.going, by,
            (unsigned long long)l.coming, (unsigned long long)l.unknown);
}

static void damage_note(FILE *out, const struct probe_view *v)
{
    const struct probe_corruption *d = v->corruption;
    char text[KEDGE_ENDPOINT_TEXT];

    note(out, v, d->truncated, "came back cut short");
    note(out, v, d->padded, "came back longer than they left");
    if (d->changed > 0 && d->first.bytes > 0)
        fprintf(out,
                "%s: of the first altered one, bytes %zu to %zu: %zu of another value\n",
                kedge_endpoint_print(v->endpoint, text), d->first.first, d->first.last,
                d->first.bytes);
}

/* Ours as the server sees it, where it is not what this socket has. */
static bool behind_nat(const struct probe_view *v, struct net_address *seen)
{
    struct net_raw ours = net_address_raw(&v->local);

    *seen = net_address_from_raw(v->peer->seen_address, ours.scope, v->peer->seen_port);
    return v->peer->seen_known && v->local.len > 0 && !net_address_equal(seen, &v->local);
}

static void nat_note(FILE *out, const struct probe_view *v)
{
    char text[KEDGE_ENDPOINT_TEXT], ours[NET_ADDRESS_TEXT], theirs[NET_ADDRESS_TEXT];
    struct net_address seen;

    if (behind_nat(v, &seen))
        fprintf(out,
                "%s: left from %s, and came there from %s: addresses are translated\n",
                kedge_endpoint_print(v->endpoint, text),
                net_address_print(&v->local, ours), net_address_print(&seen, theirs));
}

static void held_note(FILE *out, const struct probe_view *v)
{
    const struct histogram *h = &v->peer->held;
    char text[KEDGE_ENDPOINT_TEXT], half[32], most[32];
    kedge_nanos p50 = 0;

    if (histogram_percentile(h, 50000, &p50))
        fprintf(out,
                "%s: of a round trip the server itself took %s ms (p50), at most %s\n",
                kedge_endpoint_print(v->endpoint, text), ms(half, p50), ms(most, h->max));
}

static void split_note(FILE *out, const struct probe_view *v)
{
    const struct kernel_times *s = v->kernel_times;
    char text[KEDGE_ENDPOINT_TEXT], a[32], b[32], c[32];
    kedge_nanos send = 0, way = 0, receive = 0;

    if (v->no_kernel_times.kind != CAUSE_NONE && v->stats->received > 0)
        fprintf(out, "%s: by this program's clock, as the kernel has no times: %s\n",
                kedge_endpoint_print(v->endpoint, text), why_of(&v->no_kernel_times));
    if (!s || !histogram_percentile(&s->send, 50000, &send) ||
        !histogram_percentile(&s->way, 50000, &way) ||
        !histogram_percentile(&s->receive, 50000, &receive))
        return;
    fprintf(
        out,
        "%s: p50 by the kernel's clock: %s ms to leave here, %s on the way and in the "
        "peer, %s to be read here\n",
        kedge_endpoint_print(v->endpoint, text), ms(a, send), ms(b, way), ms(c, receive));
}

static void peer_notes(const struct probe_view *v, FILE *out)
{
    loss_note(out, v);
    note(out, v, v->peer->restarts, "times the server lost count: it was started again");
    nat_note(out, v);
    split_note(out, v);
    held_note(out, v);
}

static void clock_note(FILE *out, const struct probe_view *v)
{
    const struct own_lateness *s = v->lateness;
    char by[32], last[64] = "";

    if (!s || v->number > 0 || s->steps == 0)
        return;
    if (s->step != 0)
        snprintf(last, sizeof last, ", the last time by %s%s ms", s->step < 0 ? "-" : "+",
                 ms(by, (uint64_t)(s->step < 0 ? -s->step : s->step)));
    fprintf(
        out,
        "the wall clock was set %llu times%s: kernel times of that moment are left out, "
        "and nothing else is by that clock\n",
        (unsigned long long)s->steps, last);
}

void probe_cause_notes(const struct probe_view *v, FILE *out)
{
    if (v->peer)
        peer_notes(v, out);
    if (v->corruption)
        damage_note(out, v);
    note(out, v, v->stats->reorder_extent,
         "places behind its turn came the one most out of order");
    note(out, v, (uint64_t)(v->own_dropped > 0 ? v->own_dropped : 0),
         "replies dropped by this program's own queue, not by the network");
    stall_note(out, v);
    parting_note(out, v);
    note(out, v, v->stats->held_up,
         "answers measured while this program itself was held up");
    clock_note(out, v);
}

/* ---- JSON ---- */

static void json_stalls(struct json *j, const struct probe_view *v)
{
    const struct stalls *s = v->stalls;
    const struct stall *l = &s->longest;

    json_object(j, "stalls");
    json_u64(j, "n", s->count);
    json_u64_known(j, "longest_ns", s->count > 0, l->to - l->from);
    json_u64_known(j, "longest_at_ns", s->count > 0, sub_sat(l->from, v->started));
    json_u64_known(j, "longest_waited", s->count > 0, l->waited);
    json_end(j);
}

static void json_self(struct json *j, const struct own_lateness *s)
{
    json_object(j, "self_late");
    json_u64(j, "n", s->times);
    json_u64(j, "max_ns", s->worst);
    json_u64(j, "clock_steps", s->steps);
    json_end(j);
}

static void json_summary(struct json *j, const char *key, const struct histogram *h)
{
    kedge_nanos p50 = 0, p99 = 0;
    bool half = histogram_percentile(h, 50000, &p50);
    bool most = histogram_percentile(h, 99000, &p99);

    json_object(j, key);
    json_u64(j, "n", h->count);
    json_u64_known(j, "min", h->count > 0, h->min);
    json_u64_known(j, "p50", half, p50);
    json_u64_known(j, "p99", most, p99);
    json_u64_known(j, "max", h->count > 0, h->max);
    json_u64(j, "left_out", h->dropped);
    json_end(j);
}

static bool has_split(const struct kernel_times *s)
{
    return s && s->way.count + s->way.dropped > 0;
}

/* Null: no times by the kernel. */
static void json_split(struct json *j, const struct kernel_times *s)
{
    if (!has_split(s)) {
        json_null(j, "split_ns");
        return;
    }
    json_object(j, "split_ns");
    json_summary(j, "send", &s->send);
    json_summary(j, "way", &s->way);
    json_summary(j, "wire", &s->wire);
    json_summary(j, "receive", &s->receive);
    json_end(j);
}

/* What a kedge server told; null of any other peer. */
static void json_peer(struct json *j, const struct probe_view *v)
{
    const struct peer *p = v->peer;
    struct peer_losses l = probe_losses(v);
    char text[NET_ADDRESS_TEXT];
    struct net_address seen;
    bool nat = behind_nat(v, &seen);

    if (p->reports == 0) {
        json_null(j, "server");
        return;
    }
    json_object(j, "server");
    json_u64(j, "reports", p->reports);
    json_u64(j, "lost_going", l.going);
    json_u64(j, "lost_coming", l.coming);
    json_u64(j, "lost_unknown", l.unknown);
    json_u64(j, "dropped", l.dropped);
    json_u64(j, "refused", l.refused);
    json_u64(j, "restarts", p->restarts);
    json_u64_known(j, "ttl", p->ttl > 0, p->ttl);
    json_u64_known(j, "dscp", p->ttl > 0, p->tos >> 2);
    json_summary(j, "held_ns", &p->held);
    json_text(j, "sees_us_as", p->seen_known ? net_address_print(&seen, text) : NULL);
    json_bool(j, "translated", nat);
    json_end(j);
}

/* Which clock each number is by: this program reads its own. */
static void json_clocks(struct json *j, const struct probe_view *v)
{
    const struct peer *p = v->peer;

    json_object(j, "clocks");
    json_text(j, "rtt_ns", "program");
    json_text(j, "split_ns", has_split(v->kernel_times) ? "kernel" : NULL);
    json_text(j, "held_ns", p->reports == 0 ? NULL : p->kernel ? "kernel" : "program");
    json_text(j, "no_split", why_of(&v->no_kernel_times));
    json_end(j);
}

static void json_damage(struct json *j, const struct probe_corruption *d)
{
    bool known = d->first.bytes > 0;

    json_object(j, "damage");
    json_u64(j, "changed", d->changed);
    json_u64(j, "truncated", d->truncated);
    json_u64(j, "padded", d->padded);
    json_u64_known(j, "first_byte", known, d->first.first);
    json_u64_known(j, "last_byte", known, d->first.last);
    json_end(j);
}

void probe_cause_json(struct json *j, const struct probe_view *v)
{
    if (!v->stalls)
        return;
    json_u64_known(j, "own_dropped", v->own_dropped >= 0, (uint64_t)v->own_dropped);
    json_u64(j, "left_late", v->stats->left_late);
    json_u64(j, "held_up", v->stats->held_up);
    if (v->corruption) {
        json_u64(j, "reorder_extent", v->stats->reorder_extent);
        json_damage(j, v->corruption);
    }
    if (v->peer) {
        json_peer(j, v);
        json_split(j, v->kernel_times);
        json_clocks(j, v);
        probe_way_json(j, v);
    }
    json_self(j, v->lateness);
    json_stalls(j, v);
}
