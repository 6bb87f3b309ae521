/* SPDX-License-Identifier: MIT */
/* Metrics: the run, and each figure that is a sample of a family. */
#include "results/prometheus.h"

#include "results/figures.h"
#include "report/exposition.h"

#include <string.h>

#define LABELS_ROOM 1024

struct metrics {
    struct exposition e;
    const struct probe_result *result;
};

/* Of one sample: its target, the label of its figure, and a bound where that is a range. */
struct labels {
    uint8_t space[LABELS_ROOM];
    struct writer w;
};

static struct kedge_span labels_of(struct labels *l, const struct probe_view *v,
                                   const struct figure_metric *metric, const char *bound)
{
    char text[KEDGE_ENDPOINT_TEXT], number[16];

    l->w = (struct writer){ .ptr = l->space, .room = sizeof l->space };
    exposition_label(&l->w, "endpoint", kedge_endpoint_print(v->endpoint, text));
    snprintf(number, sizeof number, "%u", v->number);
    exposition_label(&l->w, "target", number);
    if (metric->label)
        exposition_label(&l->w, metric->label, metric->value);
    if (bound)
        exposition_label(&l->w, "bound", bound);
    return written(&l->w);
}

static void write_sample(const struct metrics *m, const struct figure *f,
                         const struct probe_view *v)
{
    struct labels l;
    struct value value;

    if (figure_get(f, v, &value) != VALUE_KNOWN)
        return;
    switch (f->kind) {
    case VALUE_TIMES:
        exposition_histogram(&m->e, labels_of(&l, v, &f->metric, NULL), f->of(v));
        return;
    case VALUE_RANGE:
        exposition_seconds(&m->e, labels_of(&l, v, &f->metric, "low"), value.low);
        exposition_seconds(&m->e, labels_of(&l, v, &f->metric, "high"), value.high);
        return;
    case VALUE_TIME:
        exposition_seconds(&m->e, labels_of(&l, v, &f->metric, NULL), value.number);
        return;
    default:
        exposition_number(&m->e, labels_of(&l, v, &f->metric, NULL), value.number);
    }
}

/* What only ever grows has the ending that Prometheus wants of it. */
static enum exposition_type type_of(const struct figure *f)
{
    static const char total[] = "_total";
    size_t len = strlen(f->metric.family), end = sizeof total - 1;

    if (f->kind == VALUE_TIMES)
        return EXPOSITION_HISTOGRAM;
    return len > end && strcmp(f->metric.family + len - end, total) == 0
               ? EXPOSITION_COUNTER
               : EXPOSITION_GAUGE;
}

static bool is_of(const struct figure *f, const char *family)
{
    return f->metric.family && strcmp(f->metric.family, family) == 0;
}

/* All samples of the family that this row begins: target by target. */
static void family(struct metrics *m, const struct figure *first,
                   const struct figure *end)
{
    const char *name = first->metric.family;

    exposition_family(&m->e, name, type_of(first),
                      first->metric.help ? first->metric.help : first->help);
    for (uint32_t t = 0; t < m->result->count; t++)
        for (const struct figure *f = first; f < end; f++)
            if (is_of(f, name))
                write_sample(m, f, &m->result->views[t]);
}

static bool is_first(const struct figure *f, const struct figure *all)
{
    for (const struct figure *before = all; before < f; before++)
        if (is_of(before, f->metric.family))
            return false;
    return true;
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
    if (m->result->count > 0)
        exposition_number(&m->e, none,
                          figure_number(&m->result->views[0], "self_late.n"));
}

void probe_metrics(const struct probe_result *r, bool running, FILE *out)
{
    struct metrics m = { .e = { .out = out }, .result = r };
    size_t count;
    const struct figure *all = figures(&count);

    run_families(&m, running);
    for (size_t i = 0; i < count; i++)
        if (all[i].metric.family && is_first(&all[i], all))
            family(&m, &all[i], all + count);
}
