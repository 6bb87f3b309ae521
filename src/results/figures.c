/* SPDX-License-Identifier: MIT */
/* The table of figures. */
#include "results/figures.h"

#include "results/getters.h"
#include "base/bytes.h"

#include <string.h>

#define P50 50000
#define P90 90000
#define P99 99000
#define P99_9 99900

#define ROW(key_, unit_, kind_, help_)                                                   \
    .key = (key_), .unit = (unit_), .kind = VALUE_##kind_, .help = (help_)

#define COUNTED (FIGURE_REQUIRED | FIGURE_CARD)
#define STATS(field) .get = get_count, .at = offsetof(struct probe_stats, field)

/* Members of a histogram. */
#define PART(key_, of_, getter) .key = (key_), .of = (of_), .get = getter
#define PERCENTILE(key_, of_, p)                                                         \
    PART(key_, of_, get_times_percentile), .which = (p), .unit = "ns", .kind = VALUE_TIME
#define RANGE(key_, of_, p)                                                              \
    PART(key_, of_, get_times_range), .which = (p), .unit = "ns", .kind = VALUE_RANGE
#define NUMBER_OF(key_, of_)                                                             \
    PART(key_, of_, get_times_n), .unit = "samples", .kind = VALUE_COUNT,                \
                                  .help = "Samples."
#define MIN_OF(key_, of_)                                                                \
    PART(key_, of_, get_times_min), .unit = "ns", .kind = VALUE_TIME, .help = "Minimum."
#define MAX_OF(key_, of_)                                                                \
    PART(key_, of_, get_times_max), .unit = "ns", .kind = VALUE_TIME, .help = "Maximum."
#define LEFT_OUT(key_, of_, words, histogram)                                            \
    PART(key_, of_, get_times_left_out),                                                 \
        .unit = "samples", .kind = VALUE_COUNT,                                          \
        .help = "Samples that no memory was left for: they are in no percentile.",       \
        .left = (words),                                                                 \
        .metric = { "kedge_probe_left_out_total", "of", histogram,                       \
                    "Times that are in no histogram or quantile, for want of memory." }

/* Times as an object: min, p50, p99 and max. part: its label among the parts of a round
 * trip. */
#define SUMMARY(key_, of_, words, part)                                                  \
    { NUMBER_OF(key_ ".n", of_) }, { MIN_OF(key_ ".min", of_) },                         \
        { PERCENTILE(key_ ".p50", of_, P50), .help = "Median.",                          \
          .metric = { "kedge_probe_part_median_seconds", "part", part,                   \
                      "Median of a part of the round trip, by the kernel's clocks." } }, \
        { PERCENTILE(key_ ".p99", of_, P99), .help = "99th percentile." },               \
        { MAX_OF(key_ ".max", of_) },                                                    \
    {                                                                                    \
        LEFT_OUT(key_ ".left_out", of_, words, part)                                     \
    }

#define QUANTILE(value)                                                                  \
    .metric = { "kedge_probe_rtt_quantile_seconds", "quantile", value,                   \
                "Of the whole run; absent while there are too few replies." }
#define BOUND(value)                                                                     \
    .metric = { "kedge_probe_rtt_quantile_bound_seconds", "quantile", value,             \
                "95 % confidence interval of the quantile." }
#define METRIC(name) .metric = { .family = "kedge_probe_" name }

static const struct figure table[] = {
    { ROW("endpoint", "", TEXT, "The target."), .get = get_endpoint,
      .uses = FIGURE_COLUMN, .name = "target" },
    { ROW("sent", "probes", COUNT,
          "Probes that were due: received + lost + late + open."),
      STATS(sent), .uses = COUNTED | FIGURE_CARD_ZERO | FIGURE_COLUMN | FIGURE_COMPARED,
      METRIC("sent_total") },
    { ROW("received", "probes", COUNT, "Probes answered within the timeout."),
      STATS(received),
      .uses = COUNTED | FIGURE_CARD_ZERO | FIGURE_COLUMN | FIGURE_COMPARED,
      METRIC("received_total") },
    { ROW("lost", "probes", COUNT,
          "Probes without a reply; refused and unsent are part of them."),
      STATS(lost),
      .uses =
          FIGURE_SHARED | COUNTED | FIGURE_CARD_ZERO | FIGURE_COLUMN | FIGURE_COMPARED },
    { ROW("lost_timeout", "probes", COUNT,
          "Probes without a reply in time, neither refused nor unsent."),
      .get = get_lost_timeout, .uses = FIGURE_HIDDEN,
      .metric = { "kedge_probe_lost_total", "cause", "timeout",
                  "Probes without a reply in time, by cause." } },
    { ROW("lost_unexplained", "probes", COUNT,
          "Probes lost to a peer that does not report the direction."),
      .get = get_lost_unexplained, .uses = FIGURE_HIDDEN,
      .note = "{lost_unexplained} lost, direction unknown (only a kedge server reports "
              "it)" },
    { ROW("late", "probes", COUNT, "Probes answered after the timeout."), STATS(late),
      .uses = COUNTED, .note = "{late:reply:replies} after the timeout",
      METRIC("late_total") },
    { ROW("duplicated", "replies", COUNT, "Replies that had come before."),
      STATS(duplicated), .uses = COUNTED | FIGURE_COLUMN, METRIC("duplicated_total") },
    { ROW("reordered", "replies", COUNT,
          "Replies that came after the reply to a later probe."),
      STATS(reordered), .uses = COUNTED | FIGURE_COLUMN, METRIC("reordered_total") },
    { ROW("altered", "replies", COUNT, "Replies whose payload is not what was sent."),
      STATS(corrupted), .uses = COUNTED,
      .note = "{altered:reply:replies} with an altered payload",
      METRIC("altered_total") },

    { ROW("rtt_ns", "ns", TIMES, "Round trips, from the actual send."),
      .name = "round trips", .get = get_times, .of = rtt_times, METRIC("rtt_seconds") },
    { NUMBER_OF("rtt_ns.n", rtt_times) },
    { MIN_OF("rtt_ns.min", rtt_times), .name = "min", .uses = FIGURE_COLUMN },
    { PERCENTILE("rtt_ns.p50", rtt_times, P50), .help = "Median; null below 2 samples.",
      .name = "p50", .uses = FIGURE_COLUMN | FIGURE_COMPARED, QUANTILE("0.5") },
    { PERCENTILE("rtt_ns.p90", rtt_times, P90),
      .help = "90th percentile; null below 10 samples.", .name = "p90",
      .uses = FIGURE_COMPARED, QUANTILE("0.9") },
    { PERCENTILE("rtt_ns.p99", rtt_times, P99),
      .help = "99th percentile; null below 100 samples.", .name = "p99",
      .uses = FIGURE_COLUMN | FIGURE_COMPARED, QUANTILE("0.99") },
    { PERCENTILE("rtt_ns.p99_9", rtt_times, P99_9),
      .help = "99.9th percentile; null below 1,000 samples.", .name = "p99.9",
      .uses = FIGURE_COLUMN | FIGURE_COMPARED, QUANTILE("0.999") },
    { MAX_OF("rtt_ns.max", rtt_times), .name = "max", .uses = FIGURE_COLUMN },
    { ROW("rtt_ns.interval_95", "", OBJECT,
          "95 % confidence intervals, [low, high]; null where the samples are too few."),
      .get = get_always },
    { RANGE("rtt_ns.interval_95.p50", rtt_times, P50), .help = "Of the median.",
      .name = "p50", .uses = FIGURE_COLUMN, BOUND("0.5") },
    { RANGE("rtt_ns.interval_95.p90", rtt_times, P90), .help = "Of the 90th percentile.",
      .name = "p90", BOUND("0.9") },
    { RANGE("rtt_ns.interval_95.p99", rtt_times, P99), .help = "Of the 99th percentile.",
      .name = "p99", .uses = FIGURE_COLUMN, BOUND("0.99") },
    { RANGE("rtt_ns.interval_95.p99_9", rtt_times, P99_9),
      .help = "Of the 99.9th percentile.", .name = "p99.9", .uses = FIGURE_COLUMN,
      BOUND("0.999") },
    { LEFT_OUT("rtt_ns.left_out", rtt_times, "round trips", "rtt") },

    { ROW("intended_ns", "ns", TIMES,
          "Round trips, from the time at which the schedule wanted the probe to leave."),
      .get = get_times, .of = intended_times, METRIC("intended_seconds") },
    { NUMBER_OF("intended_ns.n", intended_times) },
    { MIN_OF("intended_ns.min", intended_times) },
    { PERCENTILE("intended_ns.p50", intended_times, P50), .help = "Median." },
    { PERCENTILE("intended_ns.p90", intended_times, P90), .help = "90th percentile." },
    { PERCENTILE("intended_ns.p99", intended_times, P99), .help = "99th percentile." },
    { PERCENTILE("intended_ns.p99_9", intended_times, P99_9),
      .help = "99.9th percentile." },
    { MAX_OF("intended_ns.max", intended_times) },
    { ROW("intended_ns.interval_95", "", OBJECT, "As of rtt_ns."), .get = get_always },
    { RANGE("intended_ns.interval_95.p50", intended_times, P50),
      .help = "Of the median." },
    { RANGE("intended_ns.interval_95.p90", intended_times, P90),
      .help = "Of the 90th percentile." },
    { RANGE("intended_ns.interval_95.p99", intended_times, P99),
      .help = "Of the 99th percentile." },
    { RANGE("intended_ns.interval_95.p99_9", intended_times, P99_9),
      .help = "Of the 99.9th percentile." },
    { LEFT_OUT("intended_ns.left_out", intended_times,
               "round trips from the intended time", "intended") },

    { ROW("jitter_ns", "ns", TIME,
          "Mean difference between the round trips of two probes in a row (RFC 3393)."),
      .get = get_jitter, .uses = FIGURE_COLUMN | FIGURE_REQUIRED, .name = "jitter",
      METRIC("jitter_seconds") },
    { ROW("refused", "probes", COUNT, "Probes that an ICMP error or a reset answered."),
      STATS(refused), .uses = COUNTED, .cause = "refused",
      .metric = { "kedge_probe_lost_total", "cause", "refused", NULL } },
    { ROW("unsent", "probes", COUNT, "Probes that did not leave this host."),
      STATS(unsent), .uses = COUNTED, .cause = "not sent",
      .metric = { "kedge_probe_lost_total", "cause", "unsent", NULL } },
    { ROW("stray", "replies", COUNT,
          "Replies to another run, or to a probe that was never sent."),
      STATS(stray), .uses = COUNTED, .note = "{stray:reply:replies} to another run",
      METRIC("stray_total") },
    { ROW("open", "probes", COUNT, "Probes still waited for when the run ended."),
      .get = get_open, .uses = FIGURE_CARD,
      .note = "{open:probe:probes} still unanswered when the run ended", METRIC("open") },

    { ROW("connect_ns", "ns", OBJECT, "Connections of a stream; null of other sockets."),
      .get = get_connects_known },
    { ROW("connect_ns.n", "connections", COUNT, "Connections made."), .get = get_connects,
      .metric = { "kedge_probe_connects_total", "result", "ok",
                  "Connections of stream targets." } },
    { ROW("connect_ns.failed", "connections", COUNT, "Attempts that failed."),
      .get = get_connects_failed,
      .metric = { "kedge_probe_connects_total", "result", "failed", NULL } },
    { ROW("connect_ns.min", "ns", TIME, "Shortest time to connect."),
      .get = get_connect_min },
    { ROW("connect_ns.max", "ns", TIME, "Longest time to connect."),
      .get = get_connect_max },
    { ROW("address", "", TEXT, "The IP address that is asked; null of a local socket."),
      .get = get_address },
    { ROW("addresses_unanswered", "addresses", COUNT,
          "Addresses of the name that did not answer before the first probe."),
      .get = get_unanswered,
      .note =
          "{addresses_unanswered:address:addresses} of this name did not answer before "
          "the first probe" },
    { ROW("error", "", TEXT, "Why the last probe that failed did; null: none failed."),
      .get = get_error },
    { ROW("error_by", "", TEXT, "The address that reported it."), .get = get_error_by,
      .uses = FIGURE_HIDDEN },

    { ROW("late_here", "probes", COUNT, "Late replies whose probe waited in this host."),
      .get = get_late_here, .uses = FIGURE_HIDDEN,
      .note = "{late_here:reply:replies} late because the probe waited in this host (for "
              "ARP/ND, or in its queue)" },
    { ROW("not_echo", "bytes", COUNT, "Bytes of a service that is no echo."),
      .get = get_foreign_bytes, .uses = FIGURE_HIDDEN,
      .note = "no echo service: {not_echo:byte:bytes} came that were not sent" },

    { ROW("own_dropped", "replies", COUNT,
          "Replies dropped by the full queue of kedge's own socket; null where the "
          "kernel does not say."),
      .has = has_causes, .get = get_own_dropped,
      .note = "{own_dropped:reply:replies} dropped by kedge's own socket queue, not by "
              "the network",
      .cause = "dropped by kedge's own queue", METRIC("own_dropped_total") },
    { ROW("left_late", "probes", COUNT,
          "Probes that left 1 ms or more after their time, because kedge was late."),
      .has = has_causes, STATS(left_late), METRIC("left_late_total") },
    { ROW("held_up", "replies", COUNT,
          "Replies measured while kedge itself was delayed."),
      .has = has_causes, STATS(held_up),
      .note = "{held_up:reply:replies} measured while kedge itself was delayed "
              "(scheduler)",
      METRIC("held_up_total") },
    { ROW("reorder_extent", "replies", COUNT, "Largest reordering extent (RFC 4737)."),
      .has = has_corruption, STATS(reorder_extent),
      .note = "largest reordering extent {reorder_extent} (RFC 4737)" },
    { ROW("damage", "", OBJECT, "How the altered replies differ."), .has = has_corruption,
      .get = get_always },
    { ROW("damage.changed", "replies", COUNT, "With bytes of another value."),
      .get = get_changed },
    { ROW("damage.truncated", "replies", COUNT, "Shorter than the probe."),
      .get = get_truncated,
      .note = "{damage.truncated:reply:replies} shorter than the probe" },
    { ROW("damage.padded", "replies", COUNT, "Longer than the probe."), .get = get_padded,
      .note = "{damage.padded:reply:replies} longer than the probe" },
    { ROW("damage.first_byte", "byte", COUNT,
          "Of the first altered reply: the first byte that differs."),
      .get = get_first_byte },
    { ROW("damage.last_byte", "byte", COUNT, "And the last one."), .get = get_last_byte },
    { ROW("damage.differing", "bytes", COUNT, "And how many differ."),
      .get = get_differing, .uses = FIGURE_HIDDEN,
      .note = "first altered reply: {damage.differing:byte:bytes} differ, between byte "
              "{damage.first_byte} and byte {damage.last_byte}" },

    { ROW("server", "", OBJECT, "What a kedge server reported; null of any other peer."),
      .has = has_peer, .get = get_server },
    { ROW("server.reports", "replies", COUNT, "Replies with a report."),
      .get = get_reports },
    { ROW("server.lost_going", "probes", COUNT, "Lost on the way there."),
      .get = get_lost_going, .cause = "lost forward",
      .metric = { "kedge_probe_lost_by_way", "way", "going",
                  "Of those lost now by the timeout: the direction, as the server "
                  "reports it." } },
    { ROW("server.lost_coming", "probes", COUNT, "Lost on the way back."),
      .get = get_lost_coming, .cause = "lost on return",
      .metric = { "kedge_probe_lost_by_way", "way", "coming", NULL } },
    { ROW("server.lost_unknown", "probes", COUNT,
          "Lost, direction unknown: before the first report or after the last."),
      .get = get_lost_unknown, .cause = "lost, direction unknown",
      .metric = { "kedge_probe_lost_by_way", "way", "unknown", NULL } },
    { ROW("server.dropped", "datagrams", COUNT,
          "Dropped by the server's socket queue meanwhile, of all its clients."),
      .get = get_dropped, .cause = "dropped by the server's queue",
      .when = "server.lost_going",
      .metric = { "kedge_probe_lost_by_way", "way", "server_queue", NULL } },
    { ROW("server.refused", "probes", COUNT,
          "Refused by the server's loop guard; part of lost_going."),
      .get = get_refused_by_guard, .cause = "refused by the server's guard",
      .when = "server.lost_going",
      .metric = { "kedge_probe_lost_by_way", "way", "server_guard", NULL } },
    { ROW("server.restarts", "times", COUNT,
          "Times that the server lost its count: it was started again."),
      .get = get_restarts,
      .note = "server restarted {server.restarts:time:times} during the run" },
    { ROW("server.ttl", "", COUNT, "TTL of the last probe as it arrived."),
      .get = get_ttl_there },
    { ROW("server.dscp", "", COUNT, "DSCP of the last probe as it arrived."),
      .get = get_dscp_there },
    { ROW("server.held_ns", "ns", TIMES,
          "Server processing: from receiving a probe to sending its reply."),
      .get = get_times, .of = held_times },
    SUMMARY("server.held_ns", held_times, "server processing times", "server"),
    { ROW("server.sees_us_as", "", TEXT,
          "Address and port that probes came from, as the server sees them."),
      .get = get_seen_as },
    { ROW("server.translated", "", FLAG,
          "Whether that is another address than the one they left from (NAT)."),
      .get = get_translated },
    { ROW("server.from", "", TEXT, "The address they left from, where it is another."),
      .get = get_local, .uses = FIGURE_HIDDEN },

    { ROW("split_ns", "ns", OBJECT,
          "Parts of the round trip, by the kernel's timestamps; null without them."),
      .has = has_peer, .get = get_split },
    { ROW("split_ns.send", "ns", TIMES, "From kedge to the device."), .get = get_times,
      .of = send_times },
    SUMMARY("split_ns.send", send_times, "send times", "send"),
    { ROW("split_ns.way", "ns", TIMES,
          "From the device to the device: the network and the peer."),
      .get = get_times, .of = network_times },
    SUMMARY("split_ns.way", network_times, "network times", "way"),
    { ROW("split_ns.wire", "ns", TIMES,
          "The same without server processing; of a kedge server."),
      .get = get_times, .of = wire_times },
    SUMMARY("split_ns.wire", wire_times, "wire times", "wire"),
    { ROW("split_ns.receive", "ns", TIMES, "From the device to kedge."), .get = get_times,
      .of = receive_times },
    SUMMARY("split_ns.receive", receive_times, "receive times", "receive"),

    { ROW("clocks", "", OBJECT,
          "Whose clock a time is by: program (kedge's own) or kernel."),
      .has = has_peer, .get = get_always },
    { ROW("clocks.rtt_ns", "", TEXT, "Of rtt_ns."), .get = get_clock_program },
    { ROW("clocks.split_ns", "", TEXT, "Of split_ns."), .get = get_clock_split },
    { ROW("clocks.held_ns", "", TEXT, "Of server.held_ns."), .get = get_clock_held },
    { ROW("clocks.no_split", "", TEXT,
          "Why there are no kernel timestamps; null: there are."),
      .get = get_no_split },

    { ROW("one_way_ns", "ns", OBJECT,
          "One-way delay variation, by the timestamps of both kernels, whose clocks need "
          "not agree; null below 100 probes or 1 s."),
      .has = has_one_way, .get = get_one_way },
    { ROW("one_way_ns.n", "samples", COUNT, "Samples."), .get = get_one_way_n },
    { ROW("one_way_ns.going_range", "ns", TIME,
          "Forward: from the shortest to the longest delay."),
      .get = get_going_range },
    { ROW("one_way_ns.coming_range", "ns", TIME,
          "Return: from the shortest to the longest delay."),
      .get = get_coming_range },
    { ROW("one_way_ns.going_a_second", "ns/s", TREND,
          "Forward: trend, the clocks' drift included."),
      .get = get_going_trend },
    { ROW("one_way_ns.coming_a_second", "ns/s", TREND,
          "Return: trend, the clocks' drift included with the other sign."),
      .get = get_coming_trend },

    { ROW("before_ns", "ns", OBJECT,
          "What came before the first probe, and is in no round trip."),
      .has = has_warmup, .get = get_always },
    { ROW("before_ns.resolve", "ns", TIME, "Name resolution; null of an address."),
      .get = get_resolve },
    { ROW("before_ns.exchange", "ns", TIME,
          "An exchange that found the neighbour; null where it was known."),
      .get = get_exchange },
    { ROW("before_ns.neighbour", "ns", TIME,
          "Of that, the wait for ARP or neighbour discovery."),
      .get = get_neighbour },
    { ROW("before_ns.no_neighbour", "", COUNT,
          "1: the neighbour was not found before the first probe."),
      .get = get_no_neighbour, .uses = FIGURE_HIDDEN,
      .note = "next hop not resolved (ARP/ND) before the first probe" },

    { ROW("marks", "", OBJECT,
          "TTL and DSCP of the last probe and its reply; null where unknown."),
      .has = has_marks, .get = get_always },
    { ROW("marks.ttl_sent", "", COUNT, "TTL as sent."), .get = get_ttl_sent },
    { ROW("marks.ttl_there", "", COUNT, "TTL as a kedge server received it."),
      .get = get_ttl_there },
    { ROW("marks.ttl_back", "", COUNT, "TTL of the reply as it arrived."),
      .get = get_ttl_back },
    { ROW("marks.dscp_sent", "", COUNT, "DSCP as sent."), .get = get_dscp_sent },
    { ROW("marks.dscp_there", "", COUNT, "DSCP as a kedge server received it."),
      .get = get_dscp_there },
    { ROW("marks.dscp_back", "", COUNT, "DSCP of the reply as it arrived."),
      .get = get_dscp_back },
    { ROW("unproved", "replies", COUNT,
          "Replies without a valid MAC of the key, which count as none."),
      .has = has_peer, .get = get_unproved,
      .note = "{unproved:reply:replies} not authenticated by the key, and not counted" },

    { ROW("self_late", "", OBJECT, "Whether kedge itself was late."), .has = has_causes,
      .get = get_always },
    { ROW("self_late.n", "times", COUNT, "Times that kedge woke up 1 ms late or more."),
      .get = get_late_times },
    { ROW("self_late.max_ns", "ns", TIME, "The latest of them."), .get = get_late_worst },
    { ROW("self_late.clock_steps", "times", COUNT, "Times that the wall clock was set."),
      .get = get_clock_steps },
    { ROW("self_late.step", "", TEXT, "By how much it was set the last time."),
      .get = get_clock_step, .uses = FIGURE_HIDDEN },
    { ROW("stalls", "", OBJECT,
          "Pauses of the peer or the path: no reply, then all at once."),
      .has = has_causes, .get = get_always },
    { ROW("stalls.n", "stalls", COUNT, "Stalls."), .get = get_stalls,
      METRIC("stalls_total") },
    { ROW("stalls.longest_ns", "ns", TIME, "Length of the longest."),
      .get = get_stall_longest, METRIC("stall_longest_seconds") },
    { ROW("stalls.longest_at_ns", "ns", TIME,
          "When it began, since the start of the run."),
      .get = get_stall_at },
    { ROW("stalls.longest_waited", "probes", COUNT,
          "Probes that waited for its end, and were answered."),
      .get = get_stall_waited },
};

#define FIGURES (sizeof table / sizeof *table)

const struct figure *figures(size_t *count)
{
    *count = FIGURES;
    return table;
}

const char *figure_name(const struct figure *f)
{
    return f->name ? f->name : f->key;
}

const struct figure *figure_of(struct kedge_span key)
{
    for (size_t i = 0; i < FIGURES; i++)
        if (span_equal(key, span_of(table[i].key)))
            return &table[i];
    return NULL;
}

const struct figure *figure_named(struct kedge_span name)
{
    for (size_t i = 0; i < FIGURES; i++) {
        const struct figure *f = &table[i];
        bool number = f->kind == VALUE_COUNT || f->kind == VALUE_TIME;

        if (number && !(f->uses & FIGURE_HIDDEN) &&
            (span_equal(name, span_of(figure_name(f))) ||
             span_equal(name, span_of(f->key))))
            return f;
    }
    return NULL;
}

/* The object that a figure is a member of, or NULL. */
static const struct figure *object_of(const struct figure *f)
{
    const char *end = strrchr(f->key, '.');

    return end ? figure_of((struct kedge_span){ (const uint8_t *)f->key,
                                                (size_t)(end - f->key) })
               : NULL;
}

/* From the probe, object by object: a member of what is not known is not there. */
static enum value_state get_live(const struct figure *f, const struct probe_view *v,
                                 struct value *out)
{
    const struct figure *object = object_of(f);

    if (object && get_live(object, v, out) != VALUE_KNOWN)
        return VALUE_ABSENT;
    if (f->has && !f->has(v))
        return VALUE_ABSENT;
    return f->get(f, v, out) ? VALUE_KNOWN : VALUE_UNKNOWN;
}

enum value_state figure_get(const struct figure *f, const struct probe_view *v,
                            struct value *out)
{
    enum value_state state = VALUE_ABSENT;

    *out = (struct value){ .text = NULL };
    if (v->record)
        state = value_read(v->record, f->key, f->kind, out);
    return state == VALUE_ABSENT ? get_live(f, v, out) : state;
}

uint64_t figure_number(const struct probe_view *v, const char *key)
{
    const struct figure *f = figure_of(span_of(key));
    struct value value;

    KEDGE_ASSERT(f);
    return figure_get(f, v, &value) == VALUE_KNOWN ? value.number : 0;
}
