#include "results/prometheus.h"

#include "results/causes.h"
#include "results/dropped_samples.h"
#include "base/number.h"
#include "report/exposition.h"
#include "report/interval.h"

#define LABELS_ROOM 1024
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct metrics {
    struct exposition e;
    const struct probe_result *result;
};

/* A sample of a target: its labels, and one more where key is given. */
struct labels {
    uint8_t space[LABELS_ROOM];
    struct writer w;
};

static struct kedge_span labels_of(struct labels *l, const struct probe_view *v,
                                   const char *key, const char *value)
{
    char text[KEDGE_ENDPOINT_TEXT], place[16];

    l->w = (struct writer){ .ptr = l->space, .room = sizeof l->space };
    exposition_label(&l->w, "endpoint", kedge_endpoint_print(v->endpoint, text));
    snprintf(place, sizeof place, "%u", v->number);
    exposition_label(&l->w, "target", place);
    if (key)
        exposition_label(&l->w, key, value);
    return written(&l->w);
}

static void number(const struct metrics *m, const struct probe_view *v, uint64_t n)
{
    struct labels l;

    exposition_number(&m->e, labels_of(&l, v, NULL, NULL), n);
}

static void number_of(const struct metrics *m, const struct probe_view *v,
                      const char *const label[2], uint64_t n)
{
    struct labels l;

    exposition_number(&m->e, labels_of(&l, v, label[0], label[1]), n);
}

/* ---- counts ---- */

struct counted {
    const char *name, *help;
    size_t into; /* struct account */
};

static const struct counted counts[] = {
    { "kedge_probe_sent_total", "Probes that were due.",
      offsetof(struct probe_stats, sent) },
    { "kedge_probe_received_total", "Probes answered within the timeout.",
      offsetof(struct probe_stats, received) },
    { "kedge_probe_late_total", "Probes answered after the timeout: part of those lost.",
      offsetof(struct probe_stats, late) },
    { "kedge_probe_duplicated_total", "Replies that had come before.",
      offsetof(struct probe_stats, duplicated) },
    { "kedge_probe_reordered_total", "Replies overtaken by a later one.",
      offsetof(struct probe_stats, reordered) },
    { "kedge_probe_altered_total", "Replies that were not what was sent.",
      offsetof(struct probe_stats, corrupted) },
    { "kedge_probe_stray_total", "Replies that were not to this run.",
      offsetof(struct probe_stats, stray) },
    { "kedge_probe_left_late_total",
      "Probes that left 1 ms or more after their time, by this program's fault.",
      offsetof(struct probe_stats, left_late) },
    { "kedge_probe_held_up_total",
      "Replies measured while this program itself was held up.",
      offsetof(struct probe_stats, held_up) },
};

static void count_families(struct metrics *m)
{
    for (size_t i = 0; i < COUNT(counts); i++) {
        exposition_family(&m->e, counts[i].name, EXPOSITION_COUNTER, counts[i].help);
        for (uint32_t t = 0; t < m->result->count; t++) {
            const struct probe_view *v = &m->result->views[t];
            const uint8_t *at = (const uint8_t *)v->stats + counts[i].into;

            number(m, v, *(const uint64_t *)(const void *)at);
        }
    }
}

/* With those that were answered too late: a counter may not fall. */
static void lost_family(struct metrics *m)
{
    static const char *const timeout[] = { "cause", "timeout" },
                             *const refused[] = { "cause", "refused" },
                             *const unsent[] = { "cause", "unsent" };

    exposition_family(&m->e, "kedge_probe_lost_total", EXPOSITION_COUNTER,
                      "Probes without an answer in time, by cause.");
    for (uint32_t t = 0; t < m->result->count; t++) {
        const struct probe_view *v = &m->result->views[t];
        const struct probe_stats *a = v->stats;

        number_of(m, v, timeout, sub_sat(a->lost + a->late, a->refused + a->unsent));
        number_of(m, v, refused, a->refused);
        number_of(m, v, unsent, a->unsent);
    }
}

static void connect_family(struct metrics *m)
{
    static const char *const ok[] = { "result", "ok" }, *const failed[] = { "result",
                                                                            "failed" };

    exposition_family(&m->e, "kedge_probe_connects_total", EXPOSITION_COUNTER,
                      "Connections of stream targets.");
    for (uint32_t t = 0; t < m->result->count; t++) {
        const struct probe_view *v = &m->result->views[t];

        if (v->connects + v->failed_connects == 0)
            continue;
        number_of(m, v, ok, v->connects);
        number_of(m, v, failed, v->failed_connects);
    }
}

/* ---- what may fall as well as grow, or is not known of every target ---- */

struct asked {
    const char *name, *help;
    bool (*get)(const struct probe_view *v, uint64_t *out);
    enum exposition_type type;
    bool seconds;
};

static bool open_now(const struct probe_view *v, uint64_t *out)
{
    *out = probe_stats_open(v->stats);
    return true;
}

static bool jitter(const struct probe_view *v, uint64_t *out)
{
    return probe_stats_jitter(v->stats, out);
}

static bool own_dropped(const struct probe_view *v, uint64_t *out)
{
    *out = v->own_dropped > 0 ? (uint64_t)v->own_dropped : 0;
    return v->own_dropped >= 0;
}

static bool stalls(const struct probe_view *v, uint64_t *out)
{
    *out = v->stalls ? v->stalls->count : 0;
    return v->stalls;
}

static bool stalled(const struct probe_view *v, uint64_t *out)
{
    *out = v->stalls ? v->stalls->longest.to - v->stalls->longest.from : 0;
    return v->stalls;
}

static const struct asked others[] = {
    { "kedge_probe_open", "Probes that are waited for.", open_now, EXPOSITION_GAUGE,
      false },
    { "kedge_probe_own_dropped_total",
      "Replies dropped by this program's own full queue.", own_dropped,
      EXPOSITION_COUNTER, false },
    { "kedge_probe_stalls_total", "Times the peer stood still and went on: no loss.",
      stalls, EXPOSITION_COUNTER, false },
    { "kedge_probe_stall_longest_seconds", "The longest stall.", stalled,
      EXPOSITION_GAUGE, true },
    { "kedge_probe_jitter_seconds", "Mean difference of one round trip and the next.",
      jitter, EXPOSITION_GAUGE, true },
};

static void other_families(struct metrics *m)
{
    for (size_t i = 0; i < COUNT(others); i++) {
        exposition_family(&m->e, others[i].name, others[i].type, others[i].help);
        for (uint32_t t = 0; t < m->result->count; t++) {
            const struct probe_view *v = &m->result->views[t];
            struct labels l;
            uint64_t n = 0;

            if (!others[i].get(v, &n))
                continue;
            if (others[i].seconds)
                exposition_seconds(&m->e, labels_of(&l, v, NULL, NULL), n);
            else
                exposition_number(&m->e, labels_of(&l, v, NULL, NULL), n);
        }
    }
}

static void ways_of(struct metrics *m, const struct probe_view *v)
{
    struct peer_losses l = probe_losses(v);
    const struct {
        const char *label[2];
        uint64_t n;
    } ways[] = { { { "way", "going" }, l.going },
                 { { "way", "coming" }, l.coming },
                 { { "way", "unknown" }, l.unknown },
                 { { "way", "server_queue" }, l.dropped },
                 { { "way", "server_guard" }, l.refused } };

    for (size_t i = 0; i < COUNT(ways); i++)
        number_of(m, v, ways[i].label, ways[i].n);
}

/* A way may be told otherwise later, as an answer comes after all. */
static void way_family(struct metrics *m)
{
    exposition_family(
        &m->e, "kedge_probe_lost_by_way", EXPOSITION_GAUGE,
        "Of those lost now by the timeout, which way, as the server tells.");
    for (uint32_t t = 0; t < m->result->count; t++)
        if (m->result->views[t].peer && m->result->views[t].peer->reports > 0)
            ways_of(m, &m->result->views[t]);
}

/* ---- times ---- */

static void histogram_family(struct metrics *m, const char *name, const char *help,
                             size_t into)
{
    exposition_family(&m->e, name, EXPOSITION_HISTOGRAM, help);
    for (uint32_t t = 0; t < m->result->count; t++) {
        const struct probe_view *v = &m->result->views[t];
        const uint8_t *at = (const uint8_t *)v->stats + into;
        struct labels l;

        exposition_histogram(&m->e, labels_of(&l, v, NULL, NULL),
                             (const struct histogram *)(const void *)at);
    }
}

static const struct {
    const char *name;
    uint32_t which;
} quantiles[] = {
    { "0.5", 50000 },
    { "0.9", 90000 },
    { "0.99", 99000 },
    { "0.999", 99900 },
};

static void quantile_family(struct metrics *m)
{
    exposition_family(&m->e, "kedge_probe_rtt_quantile_seconds", EXPOSITION_GAUGE,
                      "Of the whole run; absent while there are too few replies.");
    for (uint32_t t = 0; t < m->result->count; t++) {
        const struct probe_view *v = &m->result->views[t];

        for (size_t i = 0; i < COUNT(quantiles); i++) {
            kedge_nanos at = 0;
            struct labels l;

            if (histogram_percentile(&v->stats->rtt, quantiles[i].which, &at))
                exposition_seconds(&m->e, labels_of(&l, v, "quantile", quantiles[i].name),
                                   at);
        }
    }
}

static void bounds_of(struct metrics *m, const struct probe_view *v, size_t i)
{
    struct interval in;
    struct labels l;

    if (!interval_of(&v->stats->rtt, quantiles[i].which, &in))
        return;
    (void)labels_of(&l, v, "quantile", quantiles[i].name);
    exposition_label(&l.w, "bound", "low");
    exposition_seconds(&m->e, written(&l.w), in.low);
    (void)labels_of(&l, v, "quantile", quantiles[i].name);
    exposition_label(&l.w, "bound", "high");
    exposition_seconds(&m->e, written(&l.w), in.high);
}

static void bound_family(struct metrics *m)
{
    exposition_family(&m->e, "kedge_probe_rtt_quantile_bound_seconds", EXPOSITION_GAUGE,
                      "Between these the true quantile lies, 95 % sure.");
    for (uint32_t t = 0; t < m->result->count; t++)
        for (size_t i = 0; i < COUNT(quantiles); i++)
            bounds_of(m, &m->result->views[t], i);
}

static void parts_of(struct metrics *m, const struct probe_view *v)
{
    const struct kernel_times *s = v->kernel_times;
    const struct {
        const char *name;
        const struct histogram *h;
    } parts[] = { { "send", s ? &s->send : NULL },
                  { "way", s ? &s->way : NULL },
                  { "wire", s ? &s->wire : NULL },
                  { "receive", s ? &s->receive : NULL },
                  { "server", v->peer ? &v->peer->held : NULL } };

    for (size_t i = 0; i < COUNT(parts); i++) {
        kedge_nanos at = 0;
        struct labels l;

        if (parts[i].h && histogram_percentile(parts[i].h, 50000, &at))
            exposition_seconds(&m->e, labels_of(&l, v, "part", parts[i].name), at);
    }
}

static void part_family(struct metrics *m)
{
    exposition_family(&m->e, "kedge_probe_part_median_seconds", EXPOSITION_GAUGE,
                      "Median of a part of the round trip, by the kernel's clocks.");
    for (uint32_t t = 0; t < m->result->count; t++)
        parts_of(m, &m->result->views[t]);
}

static void left_out_family(struct metrics *m)
{
    exposition_family(&m->e, "kedge_probe_left_out_total", EXPOSITION_COUNTER,
                      "Times that are in no histogram or quantile, for want of memory.");
    for (uint32_t t = 0; t < m->result->count; t++) {
        const struct probe_view *v = &m->result->views[t];
        struct dropped_samples all[DROPPED_KINDS];
        uint32_t kinds = dropped_samples_of(v, all);

        for (uint32_t i = 0; i < kinds; i++)
            number_of(m, v, (const char *const[]){ "of", all[i].of }, all[i].count);
    }
}

/* ---- the run ---- */

static void run_families(struct metrics *m, bool running)
{
    const struct probe_about *a = &m->result->about;
    const struct kedge_span none = { 0 };
    uint8_t space[LABELS_ROOM];
    struct writer w = { .ptr = space, .room = sizeof space };

    exposition_label(&w, "kedge", a->kedge);
    exposition_label(&w, "host", a->name);
    exposition_label(&w, "started", a->started);
    exposition_family(&m->e, "kedge_probe_info", EXPOSITION_GAUGE, "Which run it is.");
    exposition_number(&m->e, written(&w), 1);
    exposition_family(&m->e, "kedge_probe_running", EXPOSITION_GAUGE,
                      "0 once the run is over.");
    exposition_number(&m->e, none, running);
    exposition_family(&m->e, "kedge_probe_interval_seconds", EXPOSITION_GAUGE,
                      "Between two probes of a target.");
    exposition_seconds(&m->e, none, a->interval);
    exposition_family(&m->e, "kedge_probe_timeout_seconds", EXPOSITION_GAUGE,
                      "A reply after it is late.");
    exposition_seconds(&m->e, none, a->timeout);
    exposition_family(&m->e, "kedge_probe_self_late_total", EXPOSITION_COUNTER,
                      "Times this program itself was late.");
    if (m->result->count > 0 && m->result->views[0].lateness)
        exposition_number(&m->e, none, m->result->views[0].lateness->times);
}

void probe_metrics(const struct probe_result *r, bool running, FILE *out)
{
    struct metrics m = { .e = { .out = out }, .result = r };

    run_families(&m, running);
    count_families(&m);
    lost_family(&m);
    way_family(&m);
    connect_family(&m);
    other_families(&m);
    histogram_family(&m, "kedge_probe_rtt_seconds", "Round trips, from the actual send.",
                     offsetof(struct probe_stats, rtt));
    histogram_family(&m, "kedge_probe_intended_seconds",
                     "Round trips, from the intended time.",
                     offsetof(struct probe_stats, intended));
    quantile_family(&m);
    bound_family(&m);
    part_family(&m);
    left_out_family(&m);
}
