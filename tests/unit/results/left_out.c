/* SPDX-License-Identifier: MIT */
/* Tests of results/left_out.h, and that whatever shows a run says what was left out. */
#include "results/left_out.h"

#include "probe/warmup.h"
#include "results/prometheus.h"
#include "results/notes.h"
#include "results/read_line.h"
#include "results/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool no_memory;

void *__wrap_realloc(void *p, size_t size);
void *__real_realloc(void *p, size_t size);

void *__wrap_realloc(void *p, size_t size)
{
    return no_memory ? NULL : __real_realloc(p, size);
}

/* A target with a kedge server; three answers, and no memory for the last two. */
struct run {
    struct kedge_endpoint endpoint;
    struct probe_stats stats;
    struct probe_stats_slot slots[8];
    struct stalls stalls;
    struct own_lateness lateness;
    struct peer peer;
    struct kernel_times *kernel_times;
    struct probe_corruption corruption;
    struct probe_marks marks;
    struct warmup warmup;
    struct one_way_delay one_way;
    struct probe_view view;
};

static void answer(struct run *r, kedge_nanos at, kedge_nanos took)
{
    uint64_t n = probe_stats_send(&r->stats, at, at);

    kernel_times_sent(r->kernel_times, n, at);
    kernel_times_left(r->kernel_times, (uint32_t)n, at + 1000);
    kernel_times_came(r->kernel_times, &(struct kernel_times_reply){
                                           n, at + took - 1000, at + took, took / 2 });
    assert_true(probe_stats_reply(&r->stats, n, at + took));
    histogram_record(&r->peer.held, took / 2);
}

static void begin(struct run *r)
{
    struct kedge_error error;

    *r = (struct run){ .peer = { .asks = true, .reports = 3 } };
    assert_true(kedge_endpoint_parse("udp://127.0.0.1:7", &r->endpoint, &error));
    probe_stats_init(&r->stats, r->slots, 8, KEDGE_SEC);
    r->kernel_times = kernel_times_open(8);
    assert_non_null(r->kernel_times);
    answer(r, 1, 20000);
    /* Eight cells are there from the first on: the memory for more is wanted. */
    for (kedge_nanos more = 1; more < 8; more++)
        answer(r, 1 + more * KEDGE_MSEC, 20000 + more * 4000);
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
                                   .own_dropped = -1 };
}

static void lack(struct run *r)
{
    no_memory = true;
    answer(r, KEDGE_SEC, 5 * KEDGE_MSEC);
    answer(r, 2 * KEDGE_SEC, 9 * KEDGE_MSEC);
    no_memory = false;
}

static void end(struct run *r)
{
    probe_stats_free(&r->stats);
    histogram_free(&r->peer.held);
    kernel_times_close(r->kernel_times);
}

struct text {
    char *at;
    size_t len;
};

static void note(const struct run *r, struct text *out)
{
    FILE *f = open_memstream(&out->at, &out->len);

    assert_non_null(f);
    probe_notes(&r->view, &(struct note_look){ 0 }, f);
    fclose(f);
}

static void the_report_says_it(void **state)
{
    struct text text;
    struct run r;

    (void)state;
    begin(&r);
    note(&r, &text);
    assert_null(strstr(text.at, "no memory"));
    free(text.at);
    lack(&r);
    note(&r, &text);
    assert_non_null(strstr(text.at,
                           "2 round trips, 2 round trips from the intended time, 2 "
                           "server processing times, 2 network times, 2 wire times\n"));
    free(text.at);
    end(&r);
}

static void all_of_json_has_it(void **state)
{
    static uint8_t space[PROBE_JSON_ROOM];
    struct kedge_span text;
    struct json j;
    struct run r;
    unsigned found = 0;

    (void)state;
    begin(&r);
    lack(&r);
    json_init(&j, space, sizeof space - 1);
    json_object(&j, NULL);
    probe_json_target(&j, &r.view);
    json_end(&j);
    assert_true(json_finish(&j, &text));
    space[text.len] = 0;
    for (const char *at = (const char *)space; (at = strstr(at, "\"left_out\":2")); at++)
        found++;
    assert_int_equal(found, 5); /* rtt, intended, held, way, wire */
    assert_non_null(strstr((const char *)space, "\"rtt_ns\":{\"n\":8,"));
    end(&r);
}

static void metrics_have_it(void **state)
{
    struct text text;
    struct run r;
    struct probe_result result;
    FILE *f;

    (void)state;
    begin(&r);
    lack(&r);
    result = (struct probe_result){ .views = &r.view, .count = 1 };
    f = open_memstream(&text.at, &text.len);
    assert_non_null(f);
    probe_metrics(&result, true, f);
    fclose(f);
    assert_non_null(strstr(text.at, "# TYPE kedge_probe_left_out_total counter\n"));
    assert_non_null(strstr(text.at, "kedge_probe_left_out_total{endpoint=\"udp://"
                                    "127.0.0.1:7\",target=\"0\",of=\"rtt\"} 2\n"));
    assert_non_null(strstr(text.at, "of=\"send\"} 0\n"));
    free(text.at);
    end(&r);
}

static void read_again(struct probe_record *record, const char *line)
{
    struct probe_read_error error = { 0 };

    if (!probe_read_line(record, span_of(line), &error))
        fail_msg("%s", error.text);
}

/* Who reads a run again may lack memory too: that is no fault of the file. */
static void a_run_read_again_says_it(void **state)
{
    struct probe_record record = { 0 };
    struct probe_view view;
    struct text text;
    FILE *f;

    (void)state;
    record.targets = calloc(PROBE_TARGETS_MAX, sizeof(struct probe_read_target *));
    assert_non_null(record.targets);
    read_again(&record, "{\"v\":1,\"event\":\"run\",\"run\":{\"count\":1,\"interval_ns\":"
                        "1,\"timeout_ns\":1,\"size_bytes\":56}}");
    no_memory = true;
    read_again(&record,
               "{\"event\":\"probe\",\"target\":0,\"endpoint\":\"udp://127.0.0.1:7\","
               "\"sequence\":0,\"intended_at_ns\":0,\"sent_at_ns\":0,\"outcome\":"
               "\"received\",\"rtt_ns\":5000,\"reordered\":false,\"altered\":false}");
    no_memory = false;
    read_again(&record,
               "{\"event\":\"target\",\"target\":0,\"endpoint\":\"udp://127.0.0.1:7\","
               "\"sent\":1,\"received\":1,\"lost\":0,\"late\":0,\"duplicated\":0,"
               "\"reordered\":0,\"altered\":0,\"refused\":0,\"unsent\":0,\"stray\":0,"
               "\"jitter_ns\":null}");
    view = (struct probe_view){ .endpoint = &record.targets[0]->endpoint,
                                .stats = &record.targets[0]->stats };
    f = open_memstream(&text.at, &text.len);
    assert_non_null(f);
    left_out_note(&view, 0, f);
    fclose(f);
    assert_non_null(
        strstr(text.at, "1 round trips, 1 round trips from the intended time\n"));
    free(text.at);
    probe_record_free(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_says_it),
        cmocka_unit_test(all_of_json_has_it),
        cmocka_unit_test(metrics_have_it),
        cmocka_unit_test(a_run_read_again_says_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
