#include "results/table.h"

#include "results/calibration.h"
#include "results/causes.h"
#include "results/why.h"
#include "report/interval.h"

#include <stdlib.h>

struct percentile {
    const char *name;
    uint32_t which;
};

static const struct percentile percentiles[] = {
    { "p50", 50000 },
    { "p90", 90000 },
    { "p99", 99000 },
    { "p99_9", 99900 },
};

/* Of each percentile: [low, high], or null where the samples are too few to bound it. */
static void json_intervals(struct json *j, const struct histogram *h)
{
    json_object(j, "interval_95");
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
        struct interval in;

        if (!interval_of(h, percentiles[i].which, &in)) {
            json_null(j, percentiles[i].name);
            continue;
        }
        json_array(j, percentiles[i].name);
        json_u64(j, NULL, in.low);
        json_u64(j, NULL, in.high);
        json_end(j);
    }
    json_end(j);
}

static void json_histogram(struct json *j, const char *key, const struct histogram *h)
{
    json_object(j, key);
    json_u64(j, "n", h->count);
    json_u64_known(j, "min", h->count > 0, h->min);
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
        kedge_nanos v = 0;
        bool known = histogram_percentile(h, percentiles[i].which, &v);

        json_u64_known(j, percentiles[i].name, known, v);
    }
    json_u64_known(j, "max", h->count > 0, h->max);
    json_intervals(j, h);
    json_u64(j, "left_out", h->dropped);
    json_end(j);
}

static void json_connect(struct json *j, const struct probe_view *v)
{
    if (v->connects + v->failed_connects == 0) {
        json_null(j, "connect_ns");
        return;
    }
    json_object(j, "connect_ns");
    json_u64(j, "n", v->connects);
    json_u64(j, "failed", v->failed_connects);
    json_u64_known(j, "min", v->connects > 0, v->connect_min);
    json_u64_known(j, "max", v->connects > 0, v->connect_max);
    json_end(j);
}

void probe_json_target(struct json *j, const struct probe_view *v)
{
    const struct probe_stats *a = v->stats;
    char text[KEDGE_ENDPOINT_TEXT];
    kedge_nanos jitter = 0;
    bool known = probe_stats_jitter(a, &jitter);

    if (v->members.len > 0) {
        json_members(j, v->members);
        return;
    }
    json_text(j, "endpoint", kedge_endpoint_print(v->endpoint, text));
    json_u64(j, "sent", a->sent);
    json_u64(j, "received", a->received);
    json_u64(j, "lost", a->lost);
    json_u64(j, "late", a->late);
    json_u64(j, "duplicated", a->duplicated);
    json_u64(j, "reordered", a->reordered);
    json_u64(j, "altered", a->corrupted);
    json_histogram(j, "rtt_ns", &a->rtt);
    json_histogram(j, "intended_ns", &a->intended);
    json_u64_known(j, "jitter_ns", known, jitter);
    json_u64(j, "refused", a->refused);
    json_u64(j, "unsent", a->unsent);
    json_u64(j, "stray", a->stray);
    json_u64(j, "open", probe_stats_open(a));
    json_connect(j, v);
    json_text(j, "error", probe_error_of(v));
    probe_cause_json(j, v);
}

static void text_or_null(struct json *j, const char *key, const char *text)
{
    json_text(j, key, *text ? text : NULL);
}

void probe_json_about(struct json *j, const struct probe_about *about)
{
    json_object(j, "host");
    text_or_null(j, "name", about->name);
    text_or_null(j, "system", about->system);
    text_or_null(j, "release", about->release);
    text_or_null(j, "machine", about->machine);
    text_or_null(j, "kedge", about->kedge);
    json_end(j);
    json_object(j, "run");
    text_or_null(j, "started", about->started);
    json_u64_known(j, "count", about->count > 0, about->count);
    json_u64(j, "interval_ns", about->interval);
    json_u64(j, "timeout_ns", about->timeout);
    json_u64(j, "size_bytes", about->size);
    json_bool(j, "poisson", about->poisson);
    json_u64_known(j, "duration_ns", about->duration != KEDGE_NEVER, about->duration);
    json_end(j);
    calibration_json(j, &about->calibration);
}

bool probe_json_document(const struct probe_about *about, uint32_t count,
                         void (*member)(struct json *j, const void *all, uint32_t which),
                         const void *all, FILE *out)
{
    size_t room = PROBE_JSON_ROOM * ((size_t)count + 1);
    uint8_t *space = malloc(room);
    struct kedge_span document;
    struct json j;
    bool ok;

    if (!space)
        return false;
    json_init(&j, space, room);
    json_object(&j, NULL);
    json_u64(&j, "v", 1);
    probe_json_about(&j, about);
    json_array(&j, "targets");
    for (uint32_t i = 0; i < count; i++) {
        json_object(&j, NULL);
        member(&j, all, i);
        json_end(&j);
    }
    json_end(&j);
    json_end(&j);
    ok = json_finish(&j, &document);
    if (ok)
        fprintf(out, "%.*s\n", (int)document.len, (const char *)document.ptr);
    free(space);
    return ok;
}

static void target_of(struct json *j, const void *all, uint32_t which)
{
    const struct probe_view *views = all;

    probe_json_target(j, &views[which]);
}

bool probe_show_json(const struct probe_result *r, FILE *out)
{
    return probe_json_document(&r->about, r->count, target_of, r->views, out);
}
