/* SPDX-License-Identifier: MIT */
/* A run as lines of JSON. */
#include "results/lines.h"

#include "results/table.h"
#include "base/number.h"

#include <string.h>

const char *probe_fate_name(enum probe_fate fate)
{
    static const char *const names[] = {
        [FATE_RECEIVED] = "received", [FATE_LATE] = "late",     [FATE_LOST] = "lost",
        [FATE_REFUSED] = "refused",   [FATE_UNSENT] = "unsent",
    };

    return names[fate];
}

static void write_without(const struct probe_lines *l, const struct json *j)
{
    struct kedge_span line;
    bool whole = json_finish(j, &line);

    KEDGE_ASSERT(whole);
    fprintf(l->out, "%.*s\n", (int)line.len, (const char *)line.ptr);
}

void probe_lines_start(struct probe_lines *l, const struct probe_about *about)
{
    uint8_t space[PROBE_JSON_ROOM];
    struct json j;

    json_init(&j, space, sizeof space);
    json_object(&j, NULL);
    json_u64(&j, "v", 1);
    json_text(&j, "event", "run");
    probe_json_about(&j, about);
    json_end(&j);
    write_without(l, &j);
}

static void stamp_of(struct json *j, const char *key, uint64_t ns)
{
    json_u64_known(j, key, ns > 0, ns);
}

static void line_of(const struct probe_lines *l, uint32_t target, uint64_t sequence,
                    const struct probe_stats_slot *slot, const char *outcome)
{
    struct probe_view v = probe_target_view(l->probe, target);
    char text[KEDGE_ENDPOINT_TEXT];
    uint8_t space[PROBE_JSON_ROOM];
    struct json j;

    json_init(&j, space, sizeof space);
    json_object(&j, NULL);
    json_text(&j, "event", "probe");
    json_u64(&j, "target", target);
    json_text(&j, "endpoint", kedge_endpoint_print(v.endpoint, text));
    json_u64(&j, "sequence", sequence);
    json_u64(&j, "intended_at_ns", sub_sat(slot->intended, l->origin));
    json_u64(&j, "sent_at_ns", sub_sat(slot->sent, l->origin));
    json_text(&j, "outcome", outcome);
    json_u64_known(&j, "rtt_ns",
                   slot->state == PROBE_ANSWERED || slot->state == PROBE_LATE, slot->rtt);
    json_bool(&j, "reordered", slot->reordered);
    json_bool(&j, "altered", slot->corrupted);
    json_bool(&j, "held_up", slot->held_up);
    stamp_of(&j, "kernel_left_ns", slot->left_ns);
    stamp_of(&j, "kernel_came_ns", slot->came_ns);
    json_end(&j);
    write_without(l, &j);
}

void probe_lines_probe(const struct probe_lines *l, uint32_t target,
                       const struct probe_stats_event *event)
{
    line_of(l, target, event->sequence, event->slot, probe_fate_name(event->fate));
}

static void open_ones(const struct probe_lines *l, uint32_t target,
                      const struct probe_stats *a)
{
    for (uint64_t s = a->oldest; s < a->sent; s++)
        if (probe_stats_slot(a, s)->state == PROBE_WAITS)
            line_of(l, target, s, probe_stats_slot(a, s), "open");
}

static void line_of_target(const struct probe_lines *l, uint32_t target,
                           const struct probe_view *v)
{
    uint8_t space[PROBE_JSON_ROOM];
    struct json j;

    json_init(&j, space, sizeof space);
    json_object(&j, NULL);
    json_text(&j, "event", "target");
    json_u64(&j, "target", target);
    probe_json_target(&j, v);
    json_end(&j);
    write_without(l, &j);
}

void probe_lines_end(const struct probe_lines *l, const struct probe_result *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        open_ones(l, i, r->views[i].stats);
    for (uint32_t i = 0; i < r->count; i++)
        line_of_target(l, i, &r->views[i]);
}
