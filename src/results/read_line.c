/* SPDX-License-Identifier: MIT */
/* One line of a run, checked and taken in. */
#include "results/read_line.h"

#include "results/figures.h"
#include "results/lines.h"
#include "base/number.h"
#include "report/text.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FATES (FATE_UNSENT + 1)

/* The members of one object. The first that is missing or wrong is said, and sets bad. */
struct members {
    const json_t *object;
    struct probe_read_error *error;
    bool bad;
};

__attribute__((format(printf, 2, 3))) static bool bad(struct members *m,
                                                      const char *format, ...)
{
    char raw[sizeof m->error->text] = { 0 };
    struct writer w = { .ptr = (uint8_t *)m->error->text,
                        .room = sizeof m->error->text - 1 };
    va_list list;

    if (m->bad)
        return false;
    m->bad = true;
    va_start(list, format);
    vsnprintf(raw, sizeof raw, format, list);
    va_end(list);
    memset(m->error->text, 0, sizeof m->error->text);
    text_printable(&w, span_of(raw), w.room);
    return false;
}

static uint64_t read_number(struct members *m, const char *key, bool or_null)
{
    const json_t *v = json_object_get(m->object, key);

    if (json_is_integer(v) && json_integer_value(v) >= 0)
        return (uint64_t)json_integer_value(v);
    if (!or_null || !json_is_null(v))
        (void)bad(m, "%s is not a whole number", key);
    return 0;
}

static bool flag(struct members *m, const char *key)
{
    const json_t *v = json_object_get(m->object, key);

    if (!json_is_boolean(v))
        (void)bad(m, "%s is neither true nor false", key);
    return json_is_true(v);
}

static const char *text(struct members *m, const char *key)
{
    const char *v = json_string_value(json_object_get(m->object, key));

    if (!v)
        (void)bad(m, "%s is not a text", key);
    return v ? v : "";
}

/* A text that may be missing, cut to fit. */
static void copy_text(const json_t *object, const char *key, char out[ABOUT_TEXT])
{
    const char *v = json_string_value(json_object_get(object, key));

    snprintf(out, ABOUT_TEXT, "%.*s", ABOUT_TEXT - 1, v ? v : "");
}

/* ---- the first line ---- */

static void read_calibration(struct calibration *c, struct members *m)
{
    struct members in = { json_object_get(m->object, "calibration"), m->error, m->bad };
    struct members late = { json_object_get(in.object, "timer_late_ns"), m->error,
                            false };

    if (!json_is_object(in.object))
        return;
    c->known = true;
    c->step = read_number(&in, "clock_step_ns", false);
    c->floor = read_number(&in, "loopback_ns", true);
    late.bad = in.bad;
    c->late = read_number(&late, "p50", false);
    c->late_max = read_number(&late, "max", false);
    m->bad = late.bad;
}

static void read_run(struct probe_record *r, struct members *m)
{
    const json_t *host = json_object_get(m->object, "host");
    struct members run = { json_object_get(m->object, "run"), m->error, false };
    struct probe_about *about = &r->result.about;

    if (read_number(m, "v", false) != 1)
        (void)bad(m, "v is not 1: another version of kedge wrote this");
    copy_text(host, "name", about->name);
    copy_text(host, "system", about->system);
    copy_text(host, "release", about->release);
    copy_text(host, "machine", about->machine);
    copy_text(host, "kedge", about->kedge);
    copy_text(run.object, "started", about->started);
    if (m->bad)
        return;
    about->count = read_number(&run, "count", true);
    about->duration = json_is_integer(json_object_get(run.object, "duration_ns"))
                          ? read_number(&run, "duration_ns", false)
                          : KEDGE_NEVER;
    about->interval = read_number(&run, "interval_ns", false);
    about->timeout = read_number(&run, "timeout_ns", false);
    about->size = read_number(&run, "size_bytes", false);
    about->poisson = json_is_true(json_object_get(run.object, "poisson"));
    m->bad = run.bad;
    read_calibration(&about->calibration, m);
}

/* ---- a target, which the first line that names it makes ---- */

static struct probe_read_target *target_of(struct probe_record *r, struct members *m,
                                           uint32_t *number_of)
{
    uint64_t place = read_number(m, "target", false);
    const char *name = text(m, "endpoint");
    struct probe_read_target *t;
    struct kedge_error error;

    if (place >= PROBE_TARGETS_MAX)
        (void)bad(m, "target is %llu, of at most %d", (unsigned long long)place,
                  PROBE_TARGETS_MAX);
    if (m->bad)
        return NULL;
    *number_of = (uint32_t)place;
    if (r->targets[place])
        return r->targets[place];
    t = calloc(1, sizeof *t);
    if (!t || !kedge_endpoint_parse(name, &t->endpoint, &error)) {
        (void)bad(m, "%s", t ? error.text : "no memory");
        free(t);
        return NULL;
    }
    return r->targets[place] = t;
}

/* ---- the line of a probe ---- */

/* FATES for one that is still open; more for a word that is none. */
static unsigned fate_of(const char *word)
{
    for (unsigned fate = 0; fate < FATES; fate++)
        if (strcmp(word, probe_fate_name((enum probe_fate)fate)) == 0)
            return fate;
    return strcmp(word, "open") == 0 ? FATES : FATES + 1;
}

static void count_received(struct probe_stats *a, const struct probe_stats_slot *slot)
{
    a->received++;
    histogram_record(&a->rtt, slot->rtt);
    histogram_record(&a->intended, slot->rtt + sub_sat(slot->sent, slot->intended));
}

/* What the last line has is counted here for the case that there is none. */
static void add_fate(struct probe_stats *a, unsigned fate,
                     const struct probe_stats_slot *slot)
{
    a->sent += fate != FATE_LATE; /* which was told to be lost before */
    a->refused += fate == FATE_REFUSED;
    a->unsent += fate == FATE_UNSENT;
    a->reordered += slot->reordered;
    a->corrupted += slot->corrupted;
    if (fate == FATE_RECEIVED) {
        count_received(a, slot);
    } else if (fate == FATE_LATE) {
        a->lost = sub_sat(a->lost, 1);
        a->late++;
    } else if (fate < FATES) {
        a->lost++;
    }
}

static void read_probe(struct probe_record *r, struct members *m)
{
    uint32_t place = 0;
    struct probe_read_target *t = target_of(r, m, &place);
    struct probe_stats_slot slot = { .intended =
                                         read_number(m, "intended_at_ns", false) };
    struct probe_stats_event event = { .sequence = read_number(m, "sequence", false),
                                       .slot = &slot };
    unsigned fate = fate_of(text(m, "outcome"));

    slot.sent = read_number(m, "sent_at_ns", false);
    slot.reordered = flag(m, "reordered");
    slot.corrupted = flag(m, "altered");
    slot.rtt = read_number(m, "rtt_ns", fate != FATE_RECEIVED && fate != FATE_LATE);
    if (fate > FATES)
        (void)bad(m, "the outcome is unknown");
    if (m->bad)
        return;
    add_fate(&t->stats, fate, &slot);
    event.fate = (enum probe_fate)fate;
    if (r->settled && fate < FATES)
        r->settled(r->owner, place, &event);
}

/* ---- the line of a target ---- */

/* A figure that an older program did not know may be missing. */
static void check_figure(struct members *m, const struct figure *f)
{
    const char *not = value_fault(m->object, f->key, f->kind);
    struct value value;
    enum value_state state = value_read(m->object, f->key, f->kind, &value);

    if (not )
        (void)bad(m, "%s is not %s", f->key, not );
    else if (f->uses & FIGURE_REQUIRED &&
             (state == VALUE_ABSENT || (f->kind == VALUE_COUNT && state != VALUE_KNOWN)))
        (void)bad(m, "%s is not a whole number", f->key);
}

static void check_figures(struct members *m)
{
    size_t count;
    const struct figure *all = figures(&count);

    for (size_t i = 0; i < count; i++)
        if (!(all[i].uses & FIGURE_HIDDEN))
            check_figure(m, &all[i]);
}

static void read_target(struct probe_record *r, struct members *m, json_t *object)
{
    uint32_t place = 0;
    struct probe_read_target *t = target_of(r, m, &place);
    uint64_t received, measured;

    if (!t)
        return;
    check_figures(m);
    received = read_number(m, "received", false);
    measured = t->stats.rtt.count + t->stats.rtt.dropped;
    if (received != measured)
        (void)bad(m, "it counts %llu received, and there are lines of %llu",
                  (unsigned long long)received, (unsigned long long)measured);
    (void)json_object_del(object, "event");
    (void)json_object_del(object, "target");
    json_decref(t->record);
    t->record = json_incref(object);
}

bool probe_read_line(struct probe_record *r, struct kedge_span line,
                     struct probe_read_error *error)
{
    json_error_t why;
    json_t *object =
        json_loadb((const char *)line.ptr, line.len, JSON_REJECT_DUPLICATES, &why);
    struct members m = { object, error, false };
    const char *event;

    if (!json_is_object(object)) {
        error->broken = true;
        (void)bad(&m, "it is not a JSON object%s%s", object ? "" : ": ",
                  object ? "" : why.text);
        json_decref(object);
        return false;
    }
    event = text(&m, "event");
    if (!r->begun && strcmp(event, "run") != 0)
        (void)bad(
            &m,
            "the first line describes no run: kedge probe --jsonl did not write this");
    r->begun = true;
    if (strcmp(event, "run") == 0)
        read_run(r, &m);
    else if (strcmp(event, "probe") == 0)
        read_probe(r, &m);
    else if (strcmp(event, "target") == 0)
        read_target(r, &m, object);
    else
        (void)bad(&m, "the event is unknown");
    json_decref(object);
    return !m.bad;
}
