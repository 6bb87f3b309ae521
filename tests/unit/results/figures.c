/* SPDX-License-Identifier: MIT */
/* Tests of results/figures.h: what is known of a target in, each figure out. */
#include "results/figures.h"

#include "probe/warmup.h"
#include "report/json.h"
#include "results/read_line.h"
#include "results/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS KEDGE_MSEC
#define UNKNOWN UINT64_MAX

struct run {
    struct kedge_endpoint endpoint;
    struct probe_stats stats;
    struct stalls stalls;
    struct own_lateness lateness;
    struct probe_corruption corruption;
    struct probe_marks marks;
    struct warmup warmup;
    struct peer peer;
    struct one_way_delay one_way;
    struct kernel_times *kernel_times;
    struct probe_view view;
};

/* A hundred times of `step`, twice that, and so on. */
static void fill(struct histogram *h, kedge_nanos step)
{
    for (unsigned i = 1; i <= 100; i++)
        histogram_record(h, i * step);
}

static void start_view(struct run *r)
{
    r->view = (struct probe_view){ .endpoint = &r->endpoint,
                                   .stats = &r->stats,
                                   .stalls = &r->stalls,
                                   .lateness = &r->lateness,
                                   .peer = &r->peer,
                                   .kernel_times = r->kernel_times,
                                   .corruption = &r->corruption,
                                   .marks = &r->marks,
                                   .warmup = &r->warmup,
                                   .one_way = &r->one_way,
                                   .started = 5 * MS,
                                   .own_dropped = 15,
                                   .connects = 16,
                                   .failed_connects = 17,
                                   .connect_min = 18,
                                   .connect_max = 19,
                                   .cause = { CAUSE_SYSTEM, 111 } };
}

static void start(struct run *r)
{
    *r = (struct run){
        .endpoint = { .transport = KEDGE_UDP, .host = "192.0.2.1", .port = 7 },
        .stats = { .sent = 200,
                   .received = 100,
                   .lost = 90,
                   .late = 3,
                   .duplicated = 4,
                   .reordered = 5,
                   .corrupted = 6,
                   .refused = 8,
                   .unsent = 9,
                   .stray = 10,
                   .left_late = 11,
                   .held_up = 12,
                   .reorder_extent = 13,
                   .jitter_sum = 28,
                   .jitter_count = 2 },
        .stalls = { .count = 2, .longest = { 105 * MS, 405 * MS, 20 } },
        .lateness = { .times = 21, .worst = 22, .steps = 23 },
        .corruption = { 24, 25, 26, { .bytes = 3, .first = 27, .last = 28 } },
        .marks = { 64, 46 << 2, 60, -1 },
        .warmup = { .resolve = 29,
                    .state = WARMUP_ANSWERED,
                    .neighbour = true,
                    .took = 30,
                    .leave = 31 },
        .peer = { .asks = true,
                  .unvalidated = 32,
                  .reports = 33,
                  .going = 34,
                  .coming = 35,
                  .dropped = 36,
                  .refused = 37,
                  .restarts = 38,
                  .ttl = 61,
                  .tos = 8 },
    };
    r->kernel_times = kernel_times_open(8);
    assert_non_null(r->kernel_times);
    fill(&r->stats.rtt, 100);
    fill(&r->stats.intended, 200);
    fill(&r->peer.held, 1);
    fill(&r->kernel_times->way, 3);
    start_view(r);
}

static void end(struct run *r)
{
    probe_stats_free(&r->stats);
    histogram_free(&r->peer.held);
    kernel_times_close(r->kernel_times);
}

static const struct {
    const char *key;
    uint64_t value;
} numbers[] = {
    { "sent", 200 },
    { "received", 100 },
    { "lost", 90 },
    { "lost_timeout", 76 },
    { "late", 3 },
    { "duplicated", 4 },
    { "reordered", 5 },
    { "altered", 6 },
    { "rtt_ns.n", 100 },
    { "rtt_ns.min", 100 },
    { "rtt_ns.p50", 5007 },
    { "rtt_ns.p90", 9023 },
    { "rtt_ns.p99", 9919 },
    { "rtt_ns.p99_9", UNKNOWN },
    { "rtt_ns.max", 10000 },
    { "rtt_ns.left_out", 0 },
    { "intended_ns.max", 20000 },
    { "jitter_ns", 14 },
    { "refused", 8 },
    { "unsent", 9 },
    { "stray", 10 },
    { "open", 7 },
    { "connect_ns.n", 16 },
    { "connect_ns.failed", 17 },
    { "connect_ns.min", 18 },
    { "connect_ns.max", 19 },
    { "own_dropped", 15 },
    { "left_late", 11 },
    { "held_up", 12 },
    { "reorder_extent", 13 },
    { "damage.changed", 24 },
    { "damage.truncated", 25 },
    { "damage.padded", 26 },
    { "damage.first_byte", 27 },
    { "damage.last_byte", 28 },
    { "damage.differing", 3 },
    { "server.reports", 33 },
    { "server.lost_going", 34 },
    { "server.lost_coming", 35 },
    { "server.lost_unknown", 4 },
    { "server.dropped", 36 },
    { "server.refused", 37 },
    { "server.restarts", 38 },
    { "server.ttl", 61 },
    { "server.dscp", 2 },
    { "server.held_ns.max", 100 },
    { "split_ns.way.p50", 150 },
    { "split_ns.send.n", 0 },
    { "split_ns.send.min", UNKNOWN },
    { "before_ns.resolve", 29 },
    { "before_ns.exchange", 30 },
    { "before_ns.neighbour", 31 },
    { "before_ns.no_neighbour", UNKNOWN },
    { "marks.ttl_sent", 64 },
    { "marks.ttl_there", 61 },
    { "marks.ttl_back", 60 },
    { "marks.dscp_sent", 46 },
    { "marks.dscp_there", 2 },
    { "marks.dscp_back", UNKNOWN },
    { "unproved", 32 },
    { "self_late.n", 21 },
    { "self_late.max_ns", 22 },
    { "self_late.clock_steps", 23 },
    { "stalls.n", 2 },
    { "stalls.longest_ns", 300 * MS },
    { "stalls.longest_at_ns", 100 * MS },
    { "stalls.longest_waited", 20 },
};

#define NUMBERS (sizeof numbers / sizeof *numbers)

static void each_number_is_got(void **state)
{
    struct run r;

    (void)state;
    start(&r);
    for (size_t i = 0; i < NUMBERS; i++) {
        const struct figure *f = figure_of(span_of(numbers[i].key));
        struct value v;
        enum value_state is = f ? figure_get(f, &r.view, &v) : VALUE_ABSENT;
        uint64_t got = is == VALUE_KNOWN ? v.number : UNKNOWN;

        if (!f || is == VALUE_ABSENT || got != numbers[i].value)
            fail_msg("%s is %llu (%d)", numbers[i].key, (unsigned long long)got, is);
    }
    end(&r);
}

static void the_table_is_in_order(void **state)
{
    size_t count;
    const struct figure *all = figures(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const char *point = strrchr(all[i].key, '.');
        size_t help = strlen(all[i].help);

        assert_ptr_equal(figure_of(span_of(all[i].key)), &all[i]); /* no key twice */
        assert_int_equal(all[i].help[help - 1], '.');
        assert_non_null(all[i].get);
        if (point)
            assert_true(figure_of((struct kedge_span){ (const uint8_t *)all[i].key,
                                                       (size_t)(point - all[i].key) }) <
                        &all[i]);
    }
}

/* A document of the figures, read again, has the same figures. */
static void what_is_written_is_read_again(void **state)
{
    static uint8_t space[PROBE_JSON_ROOM];
    struct probe_record record = { 0 };
    struct probe_read_error error = { 0 };
    struct kedge_span line;
    struct probe_view again;
    struct json j;
    struct run r;
    size_t count;
    const struct figure *all = figures(&count);

    (void)state;
    start(&r);
    r.stats.received = 0; /* there are no lines of probes */
    record.targets = calloc(PROBE_TARGETS_MAX, sizeof(struct probe_read_target *));
    record.begun = true;
    assert_non_null(record.targets);
    json_init(&j, space, sizeof space);
    json_object(&j, NULL);
    json_text(&j, "event", "target");
    json_u64(&j, "target", 0);
    probe_json_target(&j, &r.view);
    json_end(&j);
    assert_true(json_finish(&j, &line));
    if (!probe_read_line(&record, line, &error))
        fail_msg("%s", error.text);
    again = (struct probe_view){ .record = record.targets[0]->record,
                                 .endpoint = &record.targets[0]->endpoint,
                                 .stats = &record.targets[0]->stats };
    for (size_t i = 0; i < count; i++) {
        struct value a, b;
        enum value_state is = figure_get(&all[i], &r.view, &a);

        if (all[i].uses & FIGURE_HIDDEN)
            continue;
        if (figure_get(&all[i], &again, &b) != is)
            fail_msg("%s is lost, or made up", all[i].key);
        if (is == VALUE_KNOWN &&
            (all[i].kind == VALUE_COUNT || all[i].kind == VALUE_TIME))
            assert_int_equal(a.number, b.number);
    }
    probe_record_free(&record);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_is_got),
        cmocka_unit_test(the_table_is_in_order),
        cmocka_unit_test(what_is_written_is_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
